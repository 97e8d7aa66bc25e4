using System.Text;
using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class ConnectionTests
{
    [Fact]
    public void A_file_that_cannot_be_opened_says_why_on_its_handle()
    {
        var rc = sqlite3_open_v2("/no/such/folder/x.db", out var db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, null);
        using (db)
        {
            Assert.Equal(SQLITE_CANTOPEN, rc);
            Assert.False(db.IsInvalid);
            Assert.Equal(SQLITE_CANTOPEN, sqlite3_errcode(db));
            Assert.Equal("unable to open database file", sqlite3_errmsg(db).utf8_to_string());
        }
    }

    [Fact]
    public void An_unknown_file_system_layer_is_refused()
    {
        var rc = sqlite3_open_v2(":memory:", out var db, SQLITE_OPEN_READWRITE, "no such vfs");
        using (db)
        {
            Assert.Equal(SQLITE_ERROR, rc);
            Assert.Equal("no such vfs: no such vfs", sqlite3_errmsg(db).utf8_to_string());
        }
    }

    [Fact]
    public void A_null_file_name_is_refused() =>
        Assert.Throws<ArgumentNullException>(() => sqlite3_open_v2(null!, out _, SQLITE_OPEN_READWRITE, null));

    [Fact]
    public void A_read_only_connection_refuses_writes_with_the_extended_code()
    {
        using var file = new TemporaryFile();
        using (var writer = new TestDatabase(file.Path))
            writer.Run("CREATE TABLE t (a)");

        Assert.Equal(SQLITE_OK, sqlite3_open_v2(file.Path, out var db, SQLITE_OPEN_READONLY, null));
        using (db)
        {
            Assert.Equal(SQLITE_READONLY, sqlite3_exec(db, "INSERT INTO t VALUES (1)"));
            Assert.Equal(SQLITE_READONLY, sqlite3_extended_errcode(db) & 0xff);
        }
    }

    [Fact]
    public void A_file_name_may_be_any_text()
    {
        var folder = Directory.CreateTempSubdirectory("bindung-ü-🦊");
        try
        {
            var path = Path.Combine(folder.FullName, "データ.db");
            using (var db = new TestDatabase(path))
            {
                db.Run("CREATE TABLE t (a)");
                Assert.Equal(path, sqlite3_db_filename(db.Handle, "main").utf8_to_string());
            }

            Assert.True(File.Exists(path));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void The_file_name_of_a_database_is_empty_in_memory_and_null_if_there_is_none()
    {
        using var db = new TestDatabase();

        Assert.Equal("", sqlite3_db_filename(db.Handle, "main").utf8_to_string());
        Assert.Null(sqlite3_db_filename(db.Handle, "other").utf8_to_string());
    }

    [Fact]
    public void A_uri_is_understood_if_the_flags_say_so()
    {
        var rc = sqlite3_open_v2(
            "file::memory:?cache=private", out var db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_MEMORY, null);
        using (db)
            Assert.Equal(SQLITE_OK, rc);
    }

    [Fact]
    public void Exec_runs_every_statement_and_stops_at_the_first_error()
    {
        using var db = new TestDatabase();

        var rc = sqlite3_exec(db.Handle, "CREATE TABLE t (a); INSERT INTO t VALUES (1); NONSENSE; INSERT INTO t VALUES (2)");

        Assert.Equal(SQLITE_ERROR, rc);
        Assert.Equal("near \"NONSENSE\": syntax error", db.Message);
        Assert.Equal("1", db.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Extended_codes_tell_constraints_apart()
    {
        const int ConstraintNotNull = 1299, ConstraintPrimaryKey = 1555;
        using var db = new TestDatabase();
        db.Run("CREATE TABLE t (a INTEGER PRIMARY KEY, b NOT NULL); INSERT INTO t VALUES (1, 1)");

        Assert.Equal(SQLITE_CONSTRAINT, sqlite3_exec(db.Handle, "INSERT INTO t VALUES (2, NULL)"));
        Assert.Equal(ConstraintNotNull, sqlite3_extended_errcode(db.Handle));
        Assert.Equal(SQLITE_CONSTRAINT, sqlite3_exec(db.Handle, "INSERT INTO t VALUES (1, 1)"));
        Assert.Equal(ConstraintPrimaryKey, sqlite3_extended_errcode(db.Handle));
        Assert.Equal(SQLITE_CONSTRAINT, sqlite3_errcode(db.Handle));
    }

    [Fact]
    public void Changes_and_the_last_row_id_are_those_of_the_last_statement()
    {
        using var db = new TestDatabase();
        db.Run("CREATE TABLE t (a INTEGER PRIMARY KEY)");
        Assert.Equal(0, sqlite3_last_insert_rowid(db.Handle));

        db.Run($"INSERT INTO t VALUES (1), (2), ({long.MaxValue})");

        Assert.Equal(3, sqlite3_changes(db.Handle));
        Assert.Equal(long.MaxValue, sqlite3_last_insert_rowid(db.Handle));
        db.Run("DELETE FROM t WHERE a < 3");
        Assert.Equal(2, sqlite3_changes(db.Handle));
    }

    [Fact]
    public void Autocommit_is_off_inside_a_transaction()
    {
        using var db = new TestDatabase();

        Assert.Equal(1, sqlite3_get_autocommit(db.Handle));
        db.Run("BEGIN");
        Assert.Equal(0, sqlite3_get_autocommit(db.Handle));
        db.Run("ROLLBACK");
        Assert.Equal(1, sqlite3_get_autocommit(db.Handle));
    }

    [Fact]
    public void A_checkpoint_empties_the_log()
    {
        using var file = new TemporaryFile();
        using var db = new TestDatabase(file.Path);
        Assert.Equal("wal", db.Scalar("PRAGMA journal_mode=WAL"));
        db.Run("CREATE TABLE t (a); INSERT INTO t VALUES (1)");

        db.Check(sqlite3_wal_checkpoint_v2(db.Handle, "main", SQLITE_CHECKPOINT_PASSIVE, out var frames, out var copied));
        Assert.True(frames > 0);
        Assert.Equal(frames, copied);
        db.Check(sqlite3_wal_checkpoint_v2(db.Handle, null, SQLITE_CHECKPOINT_TRUNCATE, out frames, out copied));
        Assert.Equal((0, 0), (frames, copied));
        Assert.Equal(0, new FileInfo(file.Path + "-wal").Length);
    }

    [Fact]
    public void A_checkpoint_without_a_log_or_of_an_unknown_database_says_so()
    {
        using var db = new TestDatabase();

        db.Check(sqlite3_wal_checkpoint_v2(db.Handle, null, SQLITE_CHECKPOINT_FULL, out var frames, out var copied));
        Assert.Equal((-1, -1), (frames, copied));
        Assert.Equal(SQLITE_ERROR, sqlite3_wal_checkpoint_v2(db.Handle, "nowhere", SQLITE_CHECKPOINT_RESTART, out _, out _));
    }

    [Fact]
    public void Options_are_switched_and_asked_for()
    {
        const int EnableForeignKeys = 1002;
        using var db = new TestDatabase();

        db.Check(sqlite3_db_config(db.Handle, EnableForeignKeys, 1, out var setting));
        Assert.Equal(1, setting);
        Assert.Equal("1", db.Scalar("PRAGMA foreign_keys"));
        db.Check(sqlite3_db_config(db.Handle, EnableForeignKeys, 0, out setting));
        Assert.Equal(0, setting);
        db.Check(sqlite3_db_config(db.Handle, EnableForeignKeys, -1, out setting));
        Assert.Equal(0, setting);
        Assert.Equal("0", db.Scalar("PRAGMA foreign_keys"));
    }

    [Fact]
    public void An_unknown_option_is_an_error()
    {
        using var db = new TestDatabase();

        Assert.Equal(SQLITE_ERROR, sqlite3_db_config(db.Handle, 9999, 1, out var setting));
        Assert.Equal(0, setting);
    }

    [Fact]
    public void Columns_of_tables_are_described()
    {
        using var db = new TestDatabase();
        db.Run("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(10) COLLATE NOCASE NOT NULL, bare)");

        db.Check(sqlite3_table_column_metadata(
            db.Handle, "main", "t", "id", out var type, out var collation, out var notNull, out var primaryKey, out var autoIncrement));
        Assert.Equal(("INTEGER", "BINARY", 0, 1, 1), (type, collation, notNull, primaryKey, autoIncrement));
        db.Check(sqlite3_table_column_metadata(
            db.Handle, null, "t", "name", out type, out collation, out notNull, out primaryKey, out autoIncrement));
        Assert.Equal(("VARCHAR(10)", "NOCASE", 1, 0, 0), (type, collation, notNull, primaryKey, autoIncrement));
        db.Check(sqlite3_table_column_metadata(db.Handle, null, "t", "bare", out type, out _, out _, out _, out _));
        Assert.Null(type);
    }

    [Fact]
    public void Describing_an_unknown_column_is_an_error()
    {
        using var db = new TestDatabase();
        db.Run("CREATE TABLE t (a)");

        Assert.Equal(SQLITE_ERROR, sqlite3_table_column_metadata(db.Handle, "main", "t", "b", out var type, out var collation, out _, out _, out _));
        Assert.Null(type);
        Assert.Null(collation);
        Assert.Equal("no such table column: t.b", db.Message);
        Assert.Equal(SQLITE_OK, sqlite3_table_column_metadata(db.Handle, "main", "t", null, out _, out _, out _, out _, out _));
        Assert.Equal(SQLITE_ERROR, sqlite3_table_column_metadata(db.Handle, "main", "u", null, out _, out _, out _, out _, out _));
    }

    [Fact]
    public void A_file_that_is_no_database_is_refused()
    {
        using var file = new TemporaryFile();
        File.WriteAllText(file.Path, new string('x', 2000), Encoding.ASCII);
        using var db = new TestDatabase(file.Path);

        Assert.Equal(SQLITE_NOTADB, sqlite3_exec(db.Handle, "SELECT * FROM sqlite_master"));
    }
}
