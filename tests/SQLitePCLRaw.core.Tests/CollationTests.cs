using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class CollationTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public CollationTests() =>
        _db.Run("CREATE TABLE t (a); INSERT INTO t VALUES ('b'), ('aaa'), ('äö'), (''), ('a' || char(0) || 'z')");

    public void Dispose() => _db.Dispose();

    [Fact]
    public void Rows_are_sorted_by_the_comparison()
    {
        _db.Check(sqlite3_create_collation(_db.Handle, "by_length", null, (_, x, y) => x.Length.CompareTo(y.Length)));

        Assert.Equal(["", "b", "äö", "a\0z"], _db.Column("SELECT a FROM t WHERE a <> 'aaa' ORDER BY a COLLATE BY_LENGTH"));
        Assert.Equal(["äö"], _db.Column("SELECT a FROM t WHERE a = 'xx' COLLATE by_length"));
    }

    [Fact]
    public void User_data_is_handed_to_the_comparison()
    {
        object? given = null;
        _db.Check(sqlite3_create_collation(_db.Handle, "c", "data", (data, x, y) =>
        {
            given = data;
            return string.CompareOrdinal(x, y);
        }));

        _db.Column("SELECT a FROM t ORDER BY a COLLATE c");

        Assert.Equal("data", given);
    }

    [Fact]
    public void A_collation_is_replaced_and_removed()
    {
        _db.Check(sqlite3_create_collation(_db.Handle, "c", null, (_, x, y) => string.CompareOrdinal(x, y)));
        _db.Check(sqlite3_create_collation(_db.Handle, "c", null, (_, x, y) => string.CompareOrdinal(y, x)));
        Assert.Equal("äö", _db.Scalar("SELECT a FROM t ORDER BY a COLLATE c"));

        _db.Check(sqlite3_create_collation(_db.Handle, "c", null, null));

        Assert.Equal(SQLITE_ERROR, sqlite3_exec(_db.Handle, "SELECT a FROM t ORDER BY a COLLATE c"));
        Assert.Equal("no such collation sequence: c", _db.Message);
    }

    [Fact]
    public void A_collation_in_use_is_not_replaced_and_nothing_leaks()
    {
        _db.Check(sqlite3_create_collation(_db.Handle, "c", null, (_, x, y) => string.CompareOrdinal(x, y)));
        using var running = _db.Prepare("SELECT a FROM t ORDER BY a COLLATE c");
        Assert.Equal(SQLITE_ROW, sqlite3_step(running));

        var refused = Memory.Isolated(() =>
        {
            var state = new object();
            Assert.Equal(SQLITE_BUSY, sqlite3_create_collation(_db.Handle, "c", state, (_, x, y) => 0));
            return new WeakReference(state);
        });
        Memory.Collect();

        Assert.False(refused.IsAlive);
        Assert.Equal(SQLITE_ROW, sqlite3_step(running));
    }

    [Fact]
    public void An_exception_interrupts_the_statement_and_is_thrown_from_the_step()
    {
        _db.Check(sqlite3_create_collation(_db.Handle, "c", null, (_, _, _) => throw new InvalidOperationException("no luck")));
        using var statement = _db.Prepare("SELECT a FROM t ORDER BY a COLLATE c");

        var error = Assert.Throws<InvalidOperationException>(() => sqlite3_step(statement));

        Assert.Equal("no luck", error.Message);
        sqlite3_reset(statement);
        Assert.Equal("5", _db.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void An_exception_is_thrown_from_exec_too_and_only_once()
    {
        _db.Check(sqlite3_create_collation(_db.Handle, "c", null, (_, _, _) => throw new InvalidOperationException("no luck")));

        Assert.Throws<InvalidOperationException>(() => sqlite3_exec(_db.Handle, "SELECT a FROM t ORDER BY a COLLATE c"));

        Assert.Equal(SQLITE_OK, sqlite3_exec(_db.Handle, "SELECT a FROM t ORDER BY a"));
    }

    [Fact]
    public void A_failing_comparison_does_not_build_an_index()
    {
        _db.Run("""
            DELETE FROM t;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT 'row ' || i FROM n
            """);
        _db.Check(sqlite3_create_collation(_db.Handle, "c", null, (_, _, _) => throw new InvalidOperationException("no luck")));

        Assert.Throws<InvalidOperationException>(() => sqlite3_exec(_db.Handle, "CREATE INDEX i ON t (a COLLATE c)"));

        Assert.Empty(_db.Column("SELECT name FROM sqlite_master WHERE type = 'index'"));
    }
}
