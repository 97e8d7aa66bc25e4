using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace SQLitePCL;

/// <summary>
/// What callbacks share with the handles of their connection: the rollback hook, and the exception that a callback threw
/// where SQLite takes no error from it. Such an exception interrupts the statement and is thrown from the managed call
/// that was running it, for it must not unwind through native code.
/// </summary>
internal sealed class ConnectionCallbacks
{
    // Weak, so that a hook which reaches its own connection does not keep a forgotten one open for ever.
    private WeakGCHandle<ConnectionCallbacks> _self;
    private ExceptionDispatchInfo? _fault;

    internal delegate_rollback? Rollback { get; set; }

    internal object? RollbackState { get; set; }

    internal bool HasFault => _fault is not null;

    /// <summary>The argument by which a native callback finds this object.</summary>
    internal nint UserData
    {
        get
        {
            if (!_self.IsAllocated)
                _self = new WeakGCHandle<ConnectionCallbacks>(this);
            return WeakGCHandle<ConnectionCallbacks>.ToIntPtr(_self);
        }
    }

    internal void Fail(Exception exception) => _fault ??= ExceptionDispatchInfo.Capture(exception);

    internal void ThrowIfFailed()
    {
        if (_fault is not null)
            Throw();
    }

    /// <summary>Removes the hook; the last call, made while the connection is still open.</summary>
    internal void Detach(nint db)
    {
        if (!_self.IsAllocated)
            return;
        _ = NativeMethods.sqlite3_rollback_hook_raw(db, 0, 0);
        _self.Dispose();
        (Rollback, RollbackState) = (null, null);
    }

    private void Throw()
    {
        var fault = _fault!;
        _fault = null;
        fault.Throw();
    }
}
