using System.Runtime.InteropServices;

namespace SQLitePCL;

/// <summary>A running online backup. Disposing it ends it; pages already copied stay only if the backup was complete.</summary>
public sealed class sqlite3_backup : SafeHandle
{
    // SQLite writes to both connections when a backup ends, so neither may be closed before: it holds them.
    private sqlite3? _destination;
    private sqlite3? _source;

    internal sqlite3_backup()
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
    }

    /// <summary>True if the backup could not start; the reason is the destination's error code.</summary>
    public override bool IsInvalid => handle == 0;

    internal void Initialize(nint backup, sqlite3 destination, sqlite3 source)
    {
        var held = false;
        destination.DangerousAddRef(ref held);
        source.DangerousAddRef(ref held);
        (_destination, _source) = (destination, source);
        SetHandle(backup);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        // The result repeats the error of the last step, which its caller has already seen.
        _ = NativeMethods.sqlite3_backup_finish(handle);
        _destination?.DangerousRelease();
        _source?.DangerousRelease();
        return true;
    }
}
