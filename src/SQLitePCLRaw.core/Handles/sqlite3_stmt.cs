using System.Runtime.InteropServices;

namespace SQLitePCL;

/// <summary>
/// A prepared statement, used by one thread at a time. Disposing it finalizes it, before or after its connection is closed.
/// </summary>
public sealed class sqlite3_stmt : SafeHandle
{
    internal sqlite3_stmt(ConnectionCallbacks callbacks)
        : base(invalidHandleValue: 0, ownsHandle: true) => Callbacks = callbacks;

    /// <summary>True if the text that was prepared held no statement (nothing but blanks and comments), or was wrong.</summary>
    public override bool IsInvalid => handle == 0;

    internal ConnectionCallbacks Callbacks { get; }

    /// <summary>The statement for a call that is over at once; the caller keeps the handle alive across it.</summary>
    internal nint Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    internal void Initialize(nint statement) => SetHandle(statement);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // The result repeats the error of the last step, which its caller has already seen.
        _ = NativeMethods.sqlite3_finalize(handle);
        return true;
    }
}
