using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>
    /// Sets, replaces or (with null) removes what is called when a transaction is rolled back. It is removed before the
    /// connection closes. An exception of the hook is thrown from the call that rolled back.
    /// </summary>
    /// <param name="db">The connection.</param>
    /// <param name="f">The hook; null removes it.</param>
    /// <param name="v">Passed to the hook.</param>
    public static void sqlite3_rollback_hook(sqlite3 db, delegate_rollback? f, object? v)
    {
        ObjectDisposedException.ThrowIf(db.IsClosed, db);
        var callbacks = db.Callbacks;
        // Set first and removed last, so that a call in between finds a hook or none, never half of one.
        callbacks.RollbackState = v;
        callbacks.Rollback = f;
        _ = f is null
            ? NativeMethods.sqlite3_rollback_hook(db, null, 0)
            : NativeMethods.sqlite3_rollback_hook(db, &OnRollback, callbacks.UserData);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnRollback(nint userData)
    {
        if (!WeakGCHandle<ConnectionCallbacks>.FromIntPtr(userData).TryGetTarget(out var callbacks))
            return;
        try
        {
            callbacks.Rollback?.Invoke(callbacks.RollbackState);
        }
        catch (Exception e)
        {
            callbacks.Fail(e);
        }
    }
}
