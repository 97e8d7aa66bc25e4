using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class RollbackHookTests : IDisposable
{
    private readonly TestDatabase _db = new();
    private readonly List<object?> _calls = [];

    public RollbackHookTests() => _db.Run("CREATE TABLE t (a UNIQUE)");

    public void Dispose() => _db.Dispose();

    [Fact]
    public void A_rollback_is_told_and_a_commit_is_not()
    {
        sqlite3_rollback_hook(_db.Handle, _calls.Add, "data");

        _db.Run("BEGIN; INSERT INTO t VALUES (1); COMMIT");
        Assert.Empty(_calls);
        _db.Run("BEGIN; INSERT INTO t VALUES (2); ROLLBACK");
        Assert.Equal(["data"], _calls);
    }

    [Fact]
    public void A_rollback_that_SQLite_decides_on_is_told()
    {
        sqlite3_rollback_hook(_db.Handle, _calls.Add, "data");

        Assert.Equal(SQLITE_CONSTRAINT, sqlite3_exec(_db.Handle, "BEGIN; INSERT OR ROLLBACK INTO t VALUES (1), (1)"));

        Assert.Equal(["data"], _calls);
        Assert.Equal(1, sqlite3_get_autocommit(_db.Handle));
    }

    [Fact]
    public void A_hook_is_replaced_and_removed()
    {
        sqlite3_rollback_hook(_db.Handle, _calls.Add, "first");
        sqlite3_rollback_hook(_db.Handle, _calls.Add, "second");
        _db.Run("BEGIN; ROLLBACK");
        sqlite3_rollback_hook(_db.Handle, null, null);
        _db.Run("BEGIN; ROLLBACK");

        Assert.Equal(["second"], _calls);
    }

    [Fact]
    public void An_exception_is_thrown_from_the_call_that_rolled_back()
    {
        sqlite3_rollback_hook(_db.Handle, _ => throw new InvalidOperationException("no luck"), null);
        _db.Run("BEGIN; INSERT INTO t VALUES (1)");

        Assert.Throws<InvalidOperationException>(() => sqlite3_exec(_db.Handle, "ROLLBACK"));

        Assert.Equal(1, sqlite3_get_autocommit(_db.Handle));
        Assert.Equal("0", _db.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_hook_is_gone_before_its_connection_closes()
    {
        var db = new TestDatabase();
        db.Run("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)");
        sqlite3_rollback_hook(db.Handle, _calls.Add, "data");
        var late = db.Prepare("INSERT INTO t VALUES (2) RETURNING a");
        Assert.Equal(SQLITE_ROW, sqlite3_step(late));

        // The statement keeps SQLite's side alive, and finalizing it rolls back.
        var native = db.Handle.DangerousGetHandle();
        db.Dispose();
        Assert.Equal(0, NativeMethods.sqlite3_rollback_hook_raw(native, 0, 0));
        late.Dispose();

        Assert.Empty(_calls);
        Assert.Throws<ObjectDisposedException>(() => sqlite3_rollback_hook(db.Handle, null, null));
    }

    [Fact]
    public void A_hook_that_holds_its_own_connection_does_not_keep_a_forgotten_one_open()
    {
        using var file = new TemporaryFile();
        var forgotten = Memory.Isolated(() =>
        {
            var db = new TestDatabase(file.Path);
            sqlite3_rollback_hook(db.Handle, _ => db.Run("SELECT 1"), null);
            db.Run("BEGIN EXCLUSIVE");
            return new WeakReference(db);
        });

        Memory.Collect();

        Assert.False(forgotten.IsAlive);
        using var other = new TestDatabase(file.Path);
        other.Run("BEGIN EXCLUSIVE; ROLLBACK");
    }
}
