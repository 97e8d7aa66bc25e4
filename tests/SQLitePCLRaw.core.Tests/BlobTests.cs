using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class BlobTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public BlobTests() =>
        _db.Run("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000)), (x''), ('text'), (1), (NULL)");

    public void Dispose() => _db.Dispose();

    [Fact]
    public void A_blob_is_written_and_read_in_place()
    {
        using var blob = Open(1, writable: true);
        Assert.Equal(100_000, sqlite3_blob_bytes(blob));

        Assert.Equal(SQLITE_OK, sqlite3_blob_write(blob, "middle"u8, 50_000));
        Assert.Equal(SQLITE_OK, sqlite3_blob_write(blob, "end"u8, 99_997));

        var part = new byte[8];
        Assert.Equal(SQLITE_OK, sqlite3_blob_read(blob, part, 49_999));
        Assert.Equal("\0middle\0"u8.ToArray(), part);
        Assert.Equal("656E64", _db.Scalar("SELECT hex(substr(a, 99998)) FROM t WHERE rowid = 1"));
    }

    [Fact]
    public void Reading_or_writing_beyond_the_end_changes_nothing()
    {
        using var blob = Open(1, writable: true);

        Assert.Equal(SQLITE_ERROR, sqlite3_blob_write(blob, "xx"u8, 99_999));
        Assert.Equal(SQLITE_ERROR, sqlite3_blob_write(blob, "x"u8, -1));
        Assert.Equal(SQLITE_ERROR, sqlite3_blob_read(blob, new byte[2], 99_999));
        Assert.Equal("0", _db.Scalar("SELECT sum(a <> zeroblob(100000)) FROM t WHERE rowid = 1"));
    }

    [Fact]
    public void Nothing_may_be_read_and_written_anywhere_inside()
    {
        using var blob = Open(1, writable: true);
        using var empty = Open(2, writable: true);

        Assert.Equal(SQLITE_OK, sqlite3_blob_read(blob, [], 100_000));
        Assert.Equal(SQLITE_OK, sqlite3_blob_write(blob, [], 0));
        Assert.Equal(0, sqlite3_blob_bytes(empty));
        Assert.Equal(SQLITE_OK, sqlite3_blob_read(empty, [], 0));
    }

    [Fact]
    public void A_blob_opened_to_read_refuses_writes()
    {
        using var blob = Open(3, writable: false);

        Assert.Equal(SQLITE_READONLY, sqlite3_blob_write(blob, "x"u8, 0));
        var text = new byte[4];
        Assert.Equal(SQLITE_OK, sqlite3_blob_read(blob, text, 0));
        Assert.Equal("text"u8.ToArray(), text);
    }

    [Theory]
    [InlineData("t", "a", 4, "cannot open value of type integer")]
    [InlineData("t", "a", 5, "cannot open value of type null")]
    [InlineData("t", "a", 99, "no such rowid: 99")]
    [InlineData("t", "b", 1, "no such column: \"b\"")]
    [InlineData("u", "a", 1, "no such table: main.u")]
    public void What_is_no_blob_is_not_opened(string table, string column, long row, string reason)
    {
        Assert.Equal(SQLITE_ERROR, sqlite3_blob_open(_db.Handle, "main", table, column, row, 0, out var blob));
        using (blob)
        {
            Assert.True(blob.IsInvalid);
            Assert.Equal(0, sqlite3_blob_bytes(blob));
            Assert.Equal(SQLITE_MISUSE, sqlite3_blob_read(blob, new byte[1], 0));
            Assert.Equal(SQLITE_MISUSE, sqlite3_blob_write(blob, new byte[1], 0));
        }

        // Before asking, for asking a failed blob is an error of its own.
        Assert.Equal(SQLITE_ERROR, sqlite3_blob_open(_db.Handle, "main", table, column, row, 0, out blob));
        blob.Dispose();
        Assert.Equal(reason, _db.Message);
    }

    [Fact]
    public void A_blob_whose_row_was_changed_is_aborted()
    {
        const int Abort = 4;
        using var blob = Open(1, writable: true);

        _db.Run("UPDATE t SET a = 'other' WHERE rowid = 1");

        Assert.Equal(Abort, sqlite3_blob_read(blob, new byte[1], 0));
        Assert.Equal(Abort, sqlite3_blob_write(blob, new byte[1], 0));
    }

    [Fact]
    public void A_blob_survives_its_connections_dispose()
    {
        var db = new TestDatabase();
        db.Run("CREATE TABLE t (a); INSERT INTO t VALUES ('text')");
        db.Check(sqlite3_blob_open(db.Handle, "main", "t", "a", 1, 0, out var blob));

        db.Dispose();

        var text = new byte[4];
        Assert.Equal(SQLITE_OK, sqlite3_blob_read(blob, text, 0));
        Assert.Equal("text"u8.ToArray(), text);
        blob.Dispose();
        Assert.Throws<ObjectDisposedException>(() => sqlite3_blob_bytes(blob));
    }

    private sqlite3_blob Open(long row, bool writable)
    {
        _db.Check(sqlite3_blob_open(_db.Handle, "main", "t", "a", row, writable ? 1 : 0, out var blob));
        return blob;
    }
}
