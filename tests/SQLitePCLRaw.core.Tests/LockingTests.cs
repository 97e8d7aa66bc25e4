using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class LockingTests : IDisposable
{
    private readonly TemporaryFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void A_second_writer_is_busy_until_the_first_is_done()
    {
        using var first = new TestDatabase(_file.Path);
        using var second = new TestDatabase(_file.Path);
        first.Run("CREATE TABLE t (a); BEGIN IMMEDIATE");

        Assert.Equal(SQLITE_BUSY, sqlite3_exec(second.Handle, "BEGIN IMMEDIATE"));
        Assert.Equal(SQLITE_BUSY, sqlite3_errcode(second.Handle));
        Assert.Equal("database is locked", second.Message);
        first.Run("COMMIT");
        second.Run("BEGIN IMMEDIATE; COMMIT");
    }

    [Fact]
    public void A_snapshot_that_grew_old_cannot_write()
    {
        const int BusySnapshot = 517;
        using var first = new TestDatabase(_file.Path);
        using var second = new TestDatabase(_file.Path);
        first.Column("PRAGMA journal_mode=WAL");
        first.Run("CREATE TABLE t (a)");
        second.Run("BEGIN; SELECT count(*) FROM t");
        first.Run("INSERT INTO t VALUES (1)");

        Assert.Equal(SQLITE_BUSY, sqlite3_exec(second.Handle, "INSERT INTO t VALUES (2)"));
        Assert.Equal(BusySnapshot, sqlite3_extended_errcode(second.Handle));
    }

    [Fact]
    public void A_table_that_is_being_read_is_locked_against_its_own_connection()
    {
        using var db = new TestDatabase(_file.Path);
        db.Run("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)");
        using var reading = db.Prepare("SELECT a FROM t");
        Assert.Equal(SQLITE_ROW, sqlite3_step(reading));

        Assert.Equal(SQLITE_LOCKED, sqlite3_exec(db.Handle, "DROP TABLE t"));
        Assert.Equal("database table is locked", db.Message);
        sqlite3_reset(reading);
        db.Run("DROP TABLE t");
    }
}
