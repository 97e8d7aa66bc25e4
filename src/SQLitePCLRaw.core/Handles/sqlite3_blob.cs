using System.Runtime.InteropServices;

namespace SQLitePCL;

/// <summary>An open blob, read and written in place. Disposing it closes it.</summary>
public sealed class sqlite3_blob : SafeHandle
{
    internal sqlite3_blob()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    internal void Initialize(nint blob) => SetHandle(blob);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // Closes in every case; the result is that of the transaction it may have ended.
        _ = NativeMethods.sqlite3_blob_close(handle);
        return true;
    }
}
