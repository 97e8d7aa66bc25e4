using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>
    /// Makes, replaces or (with a null comparison) removes a collation. A comparison should not throw: SQLite takes no
    /// error from it. If it does, the connection is interrupted, and the exception is thrown from the call that ran the
    /// statement; an index that was being written and committed by it may then be out of order and wants <c>REINDEX</c>.
    /// </summary>
    /// <param name="db">The connection.</param>
    /// <param name="name">The name, not case-sensitive.</param>
    /// <param name="v">Passed to the comparison.</param>
    /// <param name="f">The comparison; null removes the collation.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_create_collation(sqlite3 db, string name, object? v, strdelegate_collation? f)
    {
        if (f is null)
            return NativeMethods.sqlite3_create_collation_v2(db, name, SQLITE_UTF8, 0, null, null);

        var collation = new GCHandle<Collation>(new Collation(db, v, f));
        var rc = NativeMethods.sqlite3_create_collation_v2(
            db, name, SQLITE_UTF8, GCHandle<Collation>.ToIntPtr(collation), &Collation.Compare, &Collation.Destroy);
        // Unlike functions, collations are not destroyed by SQLite when they could not be made.
        if (rc != SQLITE_OK)
            collation.Dispose();
        return rc;
    }

    /// <summary>A comparison in use by SQLite, which frees it when the collation is replaced or the connection is gone.</summary>
    private sealed class Collation(sqlite3 db, object? state, strdelegate_collation comparison)
    {
        private readonly ConnectionCallbacks _callbacks = db.Callbacks;
        private readonly nint _db = db.DangerousGetHandle();

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        internal static int Compare(nint userData, int length1, byte* text1, int length2, byte* text2) =>
            GCHandle<Collation>.FromIntPtr(userData).Target.Compare(new(text1, length1), new(text2, length2));

        [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
        internal static void Destroy(nint userData) => GCHandle<Collation>.FromIntPtr(userData).Dispose();

        private int Compare(ReadOnlySpan<byte> text1, ReadOnlySpan<byte> text2)
        {
            // SQLite goes on comparing until it notices the interrupt.
            if (_callbacks.HasFault)
                return 0;
            try
            {
                return comparison(state, Encoding.UTF8.GetString(text1), Encoding.UTF8.GetString(text2));
            }
            catch (Exception e)
            {
                _callbacks.Fail(e);
                NativeMethods.sqlite3_interrupt(_db);
                return 0;
            }
        }
    }
}
