using Microsoft.Data.Sqlite;
using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests.DataProvider;

/// <summary>What <c>Microsoft.Data.Sqlite</c> builds on the rarer members of the binding.</summary>
public sealed class FeatureTests : IDisposable
{
    private readonly SqliteConnection _connection = new("Data Source=:memory:");

    public FeatureTests()
    {
        _connection.Open();
        Execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB); INSERT INTO t VALUES (1, 'one', zeroblob(8)), (2, 'Two', x'')");
    }

    public void Dispose() => _connection.Dispose();

    [Fact]
    public void Functions_take_and_return_NET_values()
    {
        _connection.CreateFunction("repeat", (string text, long times) => string.Concat(Enumerable.Repeat(text, (int)times)), isDeterministic: true);
        _connection.CreateFunction("reverse", (byte[] bytes) => bytes.Reverse().ToArray());
        _connection.CreateFunction("is_missing", (string? text) => text is null);
        _connection.CreateFunction("count_all", (object?[] values) => values.Length);

        Assert.Equal("oneone", Scalar("SELECT repeat(a, 2) FROM t WHERE id = 1"));
        Assert.Equal(new byte[] { 3, 2, 1 }, Scalar("SELECT reverse(x'010203')"));
        Assert.Equal(1L, Scalar("SELECT is_missing(NULL)"));
        Assert.Equal(3L, Scalar("SELECT count_all(1, NULL, 'x')"));
    }

    [Fact]
    public void A_failing_function_carries_its_message_and_code()
    {
        _connection.CreateFunction<long>("fail", () => throw new SqliteException("no luck", 77));
        _connection.CreateFunction<long>("broken", () => throw new InvalidOperationException("broken luck"));

        var failed = Assert.Throws<SqliteException>(() => Scalar("SELECT fail()"));
        Assert.Equal(77, failed.SqliteErrorCode);
        Assert.Contains("no luck", failed.Message, StringComparison.Ordinal);
        Assert.Contains("broken luck", Assert.Throws<SqliteException>(() => Scalar("SELECT broken()")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_removed_function_is_gone()
    {
        _connection.CreateFunction("f", () => 1L);
        _connection.CreateFunction("f", (Func<long>?)null);

        Assert.Throws<SqliteException>(() => Scalar("SELECT f()"));
    }

    [Fact]
    public void Aggregates_keep_their_state()
    {
        _connection.CreateAggregate("join_all", "", (string sum, string next) => sum + next + ";", sum => sum.TrimEnd(';'), isDeterministic: true);

        Assert.Equal("one;Two", Scalar("SELECT join_all(a) FROM t"));
        Assert.Equal("", Scalar("SELECT join_all(a) FROM t WHERE 0"));
        _connection.CreateAggregate("join_all", "", (Func<string, string, string>?)null);
        Assert.Throws<SqliteException>(() => Scalar("SELECT join_all(a) FROM t"));
    }

    [Fact]
    public void Collations_sort_and_a_failing_one_throws_its_own_exception()
    {
        _connection.CreateCollation("last_first", (x, y) => string.CompareOrdinal(y, x));
        _connection.CreateCollation("fail", (_, _) => throw new InvalidOperationException("no luck"));

        Assert.Equal("one", Scalar("SELECT a FROM t ORDER BY a COLLATE last_first"));
        var error = Assert.Throws<InvalidOperationException>(() => Scalar("SELECT a FROM t ORDER BY a COLLATE fail"));
        Assert.Equal("no luck", error.Message);
        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void A_blob_is_a_stream()
    {
        using (var blob = new SqliteBlob(_connection, "t", "b", 1))
        {
            blob.Write("12345678"u8);
            Assert.Throws<NotSupportedException>(() => blob.Write("9"u8));
            blob.Position = 2;
            var buffer = new byte[10];
            Assert.Equal(6, blob.Read(buffer));
            Assert.Equal("345678"u8.ToArray(), buffer[..6]);
        }

        using (var empty = new SqliteBlob(_connection, "t", "b", 2, readOnly: true))
            Assert.Equal(-1, empty.ReadByte());
        Assert.Equal("12345678"u8.ToArray(), Scalar("SELECT b FROM t WHERE id = 1"));
    }

    [Fact]
    public void A_reader_streams_blobs_and_describes_its_columns()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT id, a, b FROM t WHERE id = 1";
        using var reader = command.ExecuteReader();

        var schema = reader.GetSchemaTable();
        Assert.Equal(["id", "a", "b"], schema.Rows.Cast<System.Data.DataRow>().Select(r => (string)r["BaseColumnName"]));
        Assert.Equal([true, false, false], schema.Rows.Cast<System.Data.DataRow>().Select(r => (bool)r["IsKey"]));
        Assert.True(reader.Read());
        using var stream = reader.GetStream(2);
        Assert.Equal(8, stream.Length);
    }

    [Fact]
    public void A_backup_copies_the_database()
    {
        using var copy = new SqliteConnection("Data Source=:memory:");
        copy.Open();
        _connection.BackupDatabase(copy);

        using var command = copy.CreateCommand();
        command.CommandText = "SELECT count(*) FROM t";
        Assert.Equal(2L, command.ExecuteScalar());
    }

    [Fact]
    public void A_transaction_that_SQLite_rolled_back_is_known_to_be_over()
    {
        using var transaction = _connection.BeginTransaction();
        Assert.Throws<SqliteException>(() => Execute("INSERT OR ROLLBACK INTO t (id) VALUES (1)", transaction));

        Assert.Throws<InvalidOperationException>(transaction.Commit);
        transaction.Rollback();
        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Extensions_are_refused_unless_enabled()
    {
        Assert.Contains("not authorized", Assert.Throws<SqliteException>(() => Scalar("SELECT load_extension('any')")).Message, StringComparison.Ordinal);
        var error = Assert.Throws<SqliteException>(() => _connection.LoadExtension("/no/such/extension"));
        Assert.Contains("/no/such/extension", error.Message, StringComparison.Ordinal);
        _connection.EnableExtensions(true);
        Assert.Contains("any", Assert.Throws<SqliteException>(() => Scalar("SELECT load_extension('any')")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_the_connection_string_reach_the_library()
    {
        using var file = new TemporaryFile();
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file.Path, ForeignKeys = true, RecursiveTriggers = true, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA foreign_keys";
        Assert.Equal(1L, command.ExecuteScalar());
        Assert.Equal(sqlite3_libversion().utf8_to_string(), connection.ServerVersion);
        Assert.Equal(file.Path, connection.DataSource);
    }

    [Fact]
    public void A_busy_database_times_out_with_its_code()
    {
        using var file = new TemporaryFile();
        var text = new SqliteConnectionStringBuilder { DataSource = file.Path, Pooling = false }.ToString();
        using var first = new SqliteConnection(text);
        using var second = new SqliteConnection(text);
        first.Open();
        second.Open();
        using var transaction = first.BeginTransaction();
        using var command = second.CreateCommand();
        command.CommandText = "BEGIN IMMEDIATE";
        command.CommandTimeout = 1;

        Assert.Equal(SQLITE_BUSY, Assert.Throws<SqliteException>(() => command.ExecuteNonQuery()).SqliteErrorCode);
    }

    [Fact]
    public void A_pooled_connection_comes_back_without_functions_of_its_former_user()
    {
        using var file = new TemporaryFile();
        var text = new SqliteConnectionStringBuilder { DataSource = file.Path }.ToString();
        using (var first = new SqliteConnection(text))
        {
            first.Open();
            first.CreateFunction("f", () => 1L);
            first.CreateCollation("c", string.CompareOrdinal);
        }

        using (var second = new SqliteConnection(text))
        {
            second.Open();
            using var command = second.CreateCommand();
            command.CommandText = "SELECT f()";
            Assert.Throws<SqliteException>(() => command.ExecuteScalar());
            SqliteConnection.ClearPool(second);
        }
    }

    [Fact]
    public void Raw_statements_run_on_the_connections_handle_inside_its_transaction()
    {
        using (_connection.BeginTransaction())
        {
            Assert.Equal(SQLITE_OK, sqlite3_prepare_v3(_connection.NativeHandle!, "INSERT INTO t (a) VALUES (?1)", SQLITE_PREPARE_PERSISTENT, out var insert));
            using (insert)
            {
                sqlite3_bind_text(insert, 1, "raw"u8);
                Assert.Equal(SQLITE_DONE, sqlite3_step(insert));
            }

            Assert.Equal(3L, Scalar("SELECT max(id) FROM t WHERE a = 'raw'"));
            Assert.Equal(3L, sqlite3_last_insert_rowid(_connection.NativeHandle!));
        }

        Assert.Equal(2L, Scalar("SELECT count(*) FROM t"));
    }

    private object? Scalar(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

    private void Execute(string sql, SqliteTransaction? transaction = null)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = transaction;
        command.ExecuteNonQuery();
    }
}
