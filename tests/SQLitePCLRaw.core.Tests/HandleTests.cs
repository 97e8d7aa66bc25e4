using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class HandleTests
{
    [Fact]
    public void A_disposed_connection_refuses_every_call()
    {
        var db = new TestDatabase();
        db.Dispose();
        db.Dispose();

        Assert.True(db.Handle.IsClosed);
        Assert.Throws<ObjectDisposedException>(() => sqlite3_exec(db.Handle, "SELECT 1"));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_prepare_v2(db.Handle, "SELECT 1", out _));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_errmsg(db.Handle).IsNull);
        Assert.Throws<ObjectDisposedException>(() => sqlite3_changes(db.Handle));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_create_collation(db.Handle, "c", null, (_, _, _) => 0));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_create_function(db.Handle, "f", 0, null, (_, _, _) => { }));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_rollback_hook(db.Handle, _ => { }, null));
    }

    [Fact]
    public void A_disposed_statement_refuses_every_call()
    {
        using var db = new TestDatabase();
        var statement = db.Prepare("SELECT ?1");
        statement.Dispose();
        statement.Dispose();

        Assert.Throws<ObjectDisposedException>(() => sqlite3_step(statement));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_reset(statement));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_clear_bindings(statement));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_bind_int64(statement, 1, 1));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_bind_text(statement, 1, "x"));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_column_int64(statement, 0));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_column_text(statement, 0).IsNull);
        Assert.Throws<ObjectDisposedException>(() => sqlite3_column_name(statement, 0).IsNull);
    }

    // Every order of three statements, a blob and their connection.
    [Fact]
    public void Handles_are_disposed_in_any_order()
    {
        foreach (var order in Permutations(5))
        {
            using var file = new TemporaryFile();
            var db = new TestDatabase(file.Path);
            db.Run("CREATE TABLE t (a); INSERT INTO t VALUES ('one'), ('two')");
            db.Check(sqlite3_blob_open(db.Handle, "main", "t", "a", 1, 0, out var blob));
            var running = db.Prepare("SELECT a FROM t");
            Assert.Equal(SQLITE_ROW, sqlite3_step(running));
            IDisposable[] handles = [db, blob, running, db.Prepare("INSERT INTO t VALUES ('three')"), db.Prepare("-- nothing")];

            foreach (var i in order)
                handles[i].Dispose();

            // The file is free only if the connection is truly closed.
            using var other = new TestDatabase(file.Path);
            other.Run("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; DROP TABLE t; COMMIT");
        }
    }

    [Fact]
    public void A_statement_goes_on_after_its_connection_was_disposed()
    {
        var db = new TestDatabase();
        db.Run("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)");
        using var statement = db.Prepare("SELECT a FROM t");
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        db.Dispose();

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
        Assert.Equal(2, sqlite3_column_int64(statement, 0));
        Assert.Equal(SQLITE_DONE, sqlite3_step(statement));
    }

    [Fact]
    public void Handles_disposed_inside_a_callback_live_until_the_call_returns()
    {
        var db = new TestDatabase();
        sqlite3_stmt? statement = null;
        db.Check(sqlite3_create_function(db.Handle, "dispose", 0, null, (_, _, _) =>
        {
            statement?.Dispose();
            db.Dispose();
        }));
        statement = db.Prepare("SELECT dispose()");

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Throws<ObjectDisposedException>(() => sqlite3_step(statement));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_errcode(db.Handle));
    }

    [Fact]
    public void Forgotten_handles_are_released_by_the_finalizer()
    {
        using var file = new TemporaryFile();
        Memory.Isolated(() =>
        {
            var db = new TestDatabase(file.Path);
            db.Run("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2); BEGIN EXCLUSIVE");
            var statement = db.Prepare("SELECT a FROM t");
            return sqlite3_step(statement);
        });

        Memory.Collect();

        using var other = new TestDatabase(file.Path);
        other.Run("BEGIN EXCLUSIVE; ROLLBACK");
    }

    [Fact]
    public void A_forgotten_backup_lets_go_of_both_connections()
    {
        using var file = new TemporaryFile();
        Memory.Isolated(() =>
        {
            var source = new TestDatabase();
            source.Run("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))");
            var destination = new TestDatabase(file.Path);
            return sqlite3_backup_step(sqlite3_backup_init(destination.Handle, "main", source.Handle, "main"), 1);
        });

        Memory.Collect();

        using var other = new TestDatabase(file.Path);
        other.Run("BEGIN EXCLUSIVE; ROLLBACK");
    }

    [Theory]
    [InlineData("replaced")]
    [InlineData("removed")]
    [InlineData("closed")]
    [InlineData("closed before its statement")]
    public void Callbacks_are_freed_when_they_are(string end)
    {
        var state = Memory.Isolated(() =>
        {
            var state = new object();
            var db = new TestDatabase();
            db.Check(sqlite3_create_function(db.Handle, "f", 0, state, (_, _, _) => { }));
            db.Check(sqlite3_create_function(db.Handle, "g", 0, state, (_, _, _) => { }, (_, _) => { }));
            db.Check(sqlite3_create_collation(db.Handle, "c", state, (_, _, _) => 0));
            sqlite3_rollback_hook(db.Handle, _ => { }, state);
            switch (end)
            {
                case "replaced":
                    db.Check(sqlite3_create_function(db.Handle, "f", 0, null, (_, _, _) => { }));
                    db.Check(sqlite3_create_function(db.Handle, "g", 0, null, (_, _, _) => { }, (_, _) => { }));
                    db.Check(sqlite3_create_collation(db.Handle, "c", null, (_, _, _) => 0));
                    sqlite3_rollback_hook(db.Handle, _ => { }, null);
                    return (new WeakReference(state), db.Handle);
                case "removed":
                    db.Check(sqlite3_create_function(db.Handle, "f", 0, null, (delegate_function_scalar?)null));
                    db.Check(sqlite3_create_function(db.Handle, "g", 0, null, null, null));
                    db.Check(sqlite3_create_collation(db.Handle, "c", null, null));
                    sqlite3_rollback_hook(db.Handle, null, null);
                    return (new WeakReference(state), db.Handle);
                case "closed":
                    db.Dispose();
                    break;
                default:
                    var statement = db.Prepare("SELECT f()");
                    db.Dispose();
                    Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
                    statement.Dispose();
                    break;
            }

            return (new WeakReference(state), db.Handle);
        });

        Memory.Collect();

        Assert.False(state.Item1.IsAlive);
        state.Handle.Dispose();
    }

    [Fact]
    public void Callbacks_live_as_long_as_their_connection()
    {
        using var db = new TestDatabase();
        Memory.Isolated(() =>
        {
            db.Check(sqlite3_create_function(db.Handle, "f", 0, null, (ctx, _, _) => sqlite3_result_int64(ctx, 42)));
            return sqlite3_create_collation(db.Handle, "c", null, (_, x, y) => string.CompareOrdinal(y, x));
        });

        Memory.Collect();

        Assert.Equal("42", db.Scalar("SELECT f()"));
        Assert.Equal(["2", "1"], db.Column("SELECT column1 FROM (VALUES ('1'), ('2')) ORDER BY 1 COLLATE c"));
    }

    private static IEnumerable<int[]> Permutations(int count)
    {
        if (count == 0)
            return [[]];
        return Permutations(count - 1).SelectMany(
            shorter => Enumerable.Range(0, count).Select(at => (int[])[.. shorter[..at], count - 1, .. shorter[at..]]));
    }
}
