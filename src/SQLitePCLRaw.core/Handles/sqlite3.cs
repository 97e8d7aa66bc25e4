using System.Runtime.InteropServices;

namespace SQLitePCL;

/// <summary>
/// A database connection. Disposing it closes it at once if no statement, blob or backup of it is left,
/// else when the last of those is disposed; the order does not matter.
/// </summary>
public sealed class sqlite3 : SafeHandle
{
    internal sqlite3()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    internal ConnectionCallbacks Callbacks { get; } = new();

    internal void Initialize(nint db) => SetHandle(db);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // A connection that outlives this handle for the sake of its statements must not call back into it.
        Callbacks.Detach(handle);
        return NativeMethods.sqlite3_close_v2(handle) == raw.SQLITE_OK;
    }
}
