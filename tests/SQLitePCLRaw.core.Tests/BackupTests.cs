using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class BackupTests : IDisposable
{
    private readonly TestDatabase _source = new();
    private readonly TestDatabase _destination = new();

    public BackupTests() =>
        _source.Run("CREATE TABLE t (a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO t SELECT zeroblob(4000) FROM n");

    public void Dispose()
    {
        _source.Dispose();
        _destination.Dispose();
    }

    [Fact]
    public void A_backup_in_one_go_copies_everything()
    {
        using (var backup = Begin())
            Assert.Equal(SQLITE_DONE, sqlite3_backup_step(backup, -1));

        Assert.Equal("100", _destination.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_backup_in_steps_sees_what_the_source_writes_meanwhile()
    {
        using (var backup = Begin())
        {
            Assert.Equal(SQLITE_OK, sqlite3_backup_step(backup, 10));
            _source.Run("INSERT INTO t VALUES ('late')");
            int rc;
            while ((rc = sqlite3_backup_step(backup, 10)) == SQLITE_OK)
            {
            }

            Assert.Equal(SQLITE_DONE, rc);
        }

        Assert.Equal("101", _destination.Scalar("SELECT count(*) FROM t"));
        Assert.Equal("ok", _destination.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void A_backup_given_up_leaves_the_destination_as_it_was()
    {
        _destination.Run("CREATE TABLE old (a)");
        using (var backup = Begin())
            Assert.Equal(SQLITE_OK, sqlite3_backup_step(backup, 10));

        Assert.Equal(["old"], _destination.Column("SELECT name FROM sqlite_master"));
    }

    [Fact]
    public void A_backup_that_cannot_start_is_invalid_and_says_why()
    {
        using var onto = sqlite3_backup_init(_source.Handle, "main", _source.Handle, "main");
        Assert.True(onto.IsInvalid);
        Assert.Equal(SQLITE_ERROR, sqlite3_errcode(_source.Handle));
        Assert.Equal("source and destination must be distinct", _source.Message);
        Assert.Equal(SQLITE_MISUSE, sqlite3_backup_step(onto, 1));

        using var unknown = sqlite3_backup_init(_destination.Handle, "main", _source.Handle, "nowhere");
        Assert.True(unknown.IsInvalid);
        Assert.Equal("unknown database nowhere", _destination.Message);
    }

    [Fact]
    public void A_destination_in_use_is_busy()
    {
        using var file = new TemporaryFile();
        using var destination = new TestDatabase(file.Path);
        using var other = new TestDatabase(file.Path);
        other.Run("BEGIN EXCLUSIVE");

        using var backup = sqlite3_backup_init(destination.Handle, "main", _source.Handle, "main");
        Assert.Equal(SQLITE_BUSY, sqlite3_backup_step(backup, -1));
        other.Run("ROLLBACK");
        Assert.Equal(SQLITE_DONE, sqlite3_backup_step(backup, -1));
    }

    [Fact]
    public void A_backup_holds_both_connections_until_it_ends()
    {
        var backup = Begin();
        Assert.Equal(SQLITE_OK, sqlite3_backup_step(backup, 10));

        _destination.Dispose();
        _source.Dispose();

        Assert.Equal(SQLITE_DONE, sqlite3_backup_step(backup, -1));
        backup.Dispose();
        backup.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sqlite3_backup_step(backup, 1));
        Assert.Throws<ObjectDisposedException>(() => sqlite3_errcode(_source.Handle));
    }

    private sqlite3_backup Begin()
    {
        var backup = sqlite3_backup_init(_destination.Handle, "main", _source.Handle, "main");
        Assert.False(backup.IsInvalid, _destination.Message);
        return backup;
    }
}
