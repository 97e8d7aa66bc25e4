using System.Text;
using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class StatementTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public void Dispose() => _db.Dispose();

    [Theory]
    [InlineData("SELECT 1; SELECT 2", " SELECT 2")]
    [InlineData("SELECT 1", "")]
    [InlineData("SELECT 1;", "")]
    [InlineData("SELECT '🦊;ä' ;-- rest", "-- rest")]
    [InlineData("SELECT 1;\0", "\0")]
    public void The_tail_is_what_follows_the_first_statement(string sql, string tail)
    {
        Assert.Equal(SQLITE_OK, sqlite3_prepare_v2(_db.Handle, Encoding.UTF8.GetBytes(sql), out var statement, out var rest));
        using (statement)
        {
            Assert.False(statement.IsInvalid);
            Assert.Equal(tail, Encoding.UTF8.GetString(rest));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \t\r\n")]
    [InlineData("-- nothing")]
    [InlineData("/* nothing */ ;")]
    [InlineData("\0")]
    [InlineData("\0SELECT 1")]
    public void A_text_without_a_statement_gives_an_invalid_one_and_no_tail(string sql)
    {
        Assert.Equal(SQLITE_OK, sqlite3_prepare_v2(_db.Handle, Encoding.UTF8.GetBytes(sql), out var statement, out var tail));
        using (statement)
        {
            Assert.True(statement.IsInvalid);
            Assert.True(tail.IsEmpty);
        }
    }

    [Fact]
    public void A_loop_over_the_tail_ends_at_a_zero_byte()
    {
        ReadOnlySpan<byte> rest = "SELECT 1; SELECT 2;\0 SELECT 3"u8;
        var prepared = 0;

        for (var rounds = 0; !rest.IsEmpty; rounds++)
        {
            Assert.True(rounds < 10, "no end");
            Assert.Equal(SQLITE_OK, sqlite3_prepare_v2(_db.Handle, rest, out var statement, out rest));
            using (statement)
                prepared += statement.IsInvalid ? 0 : 1;
        }

        Assert.Equal(2, prepared);
    }

    [Fact]
    public void Wrong_text_gives_an_invalid_statement_and_the_reason()
    {
        Assert.Equal(SQLITE_ERROR, sqlite3_prepare_v2(_db.Handle, "SELEC 1", out var statement));
        using (statement)
            Assert.True(statement.IsInvalid);
        Assert.Equal("near \"SELEC\": syntax error", _db.Message);

        Assert.Equal(SQLITE_ERROR, sqlite3_prepare_v2(_db.Handle, "SELECT * FROM nowhere"u8, out statement, out _));
        using (statement)
            Assert.True(statement.IsInvalid);
        Assert.Equal("no such table: nowhere", _db.Message);
    }

    [Fact]
    public void A_text_too_long_for_the_stack_arrives_whole()
    {
        var sql = "SELECT '" + new string('ä', 100_000) + "'";

        Assert.Equal(100_000, _db.Scalar(sql)!.Length);
    }

    [Fact]
    public void A_statement_runs_again_after_a_reset_and_keeps_its_values()
    {
        using var statement = _db.Prepare("SELECT ?1");
        sqlite3_bind_int64(statement, 1, 7);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
            Assert.Equal(7, sqlite3_column_int64(statement, 0));
            Assert.Equal(SQLITE_DONE, sqlite3_step(statement));
            Assert.Equal(SQLITE_OK, sqlite3_reset(statement));
        }

        Assert.Equal(SQLITE_OK, sqlite3_clear_bindings(statement));
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
        Assert.Equal(SQLITE_NULL, sqlite3_column_type(statement, 0));
    }

    [Fact]
    public void A_reset_repeats_the_error_of_the_step()
    {
        _db.Run("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)");
        using var statement = _db.Prepare("INSERT INTO t VALUES (1)");

        Assert.Equal(SQLITE_CONSTRAINT, sqlite3_step(statement));
        Assert.Equal(SQLITE_CONSTRAINT, sqlite3_reset(statement));
        Assert.Equal(SQLITE_OK, sqlite3_reset(statement));
    }

    [Fact]
    public void Persistent_statements_work_like_others()
    {
        Assert.Equal(SQLITE_OK, sqlite3_prepare_v3(_db.Handle, "SELECT 1", SQLITE_PREPARE_PERSISTENT, out var statement));
        using (statement)
        {
            Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
            Assert.Equal(1, sqlite3_column_int64(statement, 0));
        }

        Assert.Equal(SQLITE_OK, sqlite3_prepare_v3(_db.Handle, "SELECT 2; "u8, SQLITE_PREPARE_PERSISTENT, out statement, out var tail));
        using (statement)
            Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
        Assert.Equal(1, tail.Length);
    }

    [Fact]
    public void Statements_tell_whether_they_write_or_explain()
    {
        _db.Run("CREATE TABLE t (a)");
        using var select = _db.Prepare("SELECT * FROM t");
        using var insert = _db.Prepare("INSERT INTO t VALUES (1)");
        using var explain = _db.Prepare("EXPLAIN SELECT * FROM t");
        using var plan = _db.Prepare("EXPLAIN QUERY PLAN SELECT * FROM t");

        Assert.NotEqual(0, sqlite3_stmt_readonly(select));
        Assert.Equal(0, sqlite3_stmt_readonly(insert));
        Assert.Equal([0, 0, 1, 2], new[] { select, insert, explain, plan }.Select(sqlite3_stmt_isexplain));
    }

    [Fact]
    public void Columns_know_where_they_come_from()
    {
        _db.Run("ATTACH ':memory:' AS other; CREATE TABLE other.tab (col VARCHAR(3))");
        using var statement = _db.Prepare("SELECT col AS shown, 1 + 1 AS sum FROM other.tab");

        Assert.Equal(2, sqlite3_column_count(statement));
        Assert.Equal("shown", sqlite3_column_name(statement, 0).utf8_to_string());
        Assert.Equal("col", sqlite3_column_origin_name(statement, 0).utf8_to_string());
        Assert.Equal("tab", sqlite3_column_table_name(statement, 0).utf8_to_string());
        Assert.Equal("other", sqlite3_column_database_name(statement, 0).utf8_to_string());
        Assert.Equal("VARCHAR(3)", sqlite3_column_decltype(statement, 0).utf8_to_string());
        Assert.Equal("sum", sqlite3_column_name(statement, 1).utf8_to_string());
        Assert.True(sqlite3_column_origin_name(statement, 1).IsNull);
        Assert.True(sqlite3_column_table_name(statement, 1).IsNull);
        Assert.True(sqlite3_column_database_name(statement, 1).IsNull);
        Assert.True(sqlite3_column_decltype(statement, 1).IsNull);
        Assert.True(sqlite3_column_name(statement, 2).IsNull);
    }

    [Fact]
    public void There_is_data_only_on_a_row()
    {
        using var statement = _db.Prepare("SELECT 1, 2, 3");

        Assert.Equal(0, sqlite3_data_count(statement));
        sqlite3_step(statement);
        Assert.Equal(3, sqlite3_data_count(statement));
        sqlite3_step(statement);
        Assert.Equal(0, sqlite3_data_count(statement));
        Assert.Equal(3, sqlite3_column_count(statement));
    }

    [Fact]
    public void An_invalid_statement_answers_every_call_without_harm()
    {
        using var nothing = _db.Prepare("-- nothing");

        Assert.Equal(SQLITE_MISUSE, sqlite3_step(nothing));
        Assert.Equal(SQLITE_OK, sqlite3_reset(nothing));
        Assert.Equal(SQLITE_MISUSE, sqlite3_clear_bindings(nothing));
        Assert.Equal(SQLITE_MISUSE, sqlite3_bind_int64(nothing, 1, 1));
        Assert.Equal(SQLITE_MISUSE, sqlite3_bind_double(nothing, 1, 1));
        Assert.Equal(SQLITE_MISUSE, sqlite3_bind_null(nothing, 1));
        Assert.Equal(SQLITE_MISUSE, sqlite3_bind_text(nothing, 1, "x"));
        Assert.Equal(SQLITE_MISUSE, sqlite3_bind_text(nothing, 1, "x"u8));
        Assert.Equal(SQLITE_MISUSE, sqlite3_bind_blob(nothing, 1, "x"u8));
        Assert.Equal(0, sqlite3_bind_parameter_count(nothing));
        Assert.Equal(0, sqlite3_bind_parameter_index(nothing, "$x"));
        Assert.True(sqlite3_bind_parameter_name(nothing, 1).IsNull);
        Assert.Equal(0, sqlite3_column_count(nothing));
        Assert.Equal(0, sqlite3_data_count(nothing));
        Assert.Equal(SQLITE_NULL, sqlite3_column_type(nothing, 0));
        Assert.Equal(0, sqlite3_column_int64(nothing, 0));
        Assert.Equal(0, sqlite3_column_double(nothing, 0));
        Assert.True(sqlite3_column_text(nothing, 0).IsNull);
        Assert.True(sqlite3_column_blob(nothing, 0).IsEmpty);
        Assert.True(sqlite3_column_name(nothing, 0).IsNull);
        Assert.True(sqlite3_column_decltype(nothing, 0).IsNull);
        Assert.Equal(0, sqlite3_stmt_isexplain(nothing));
        Assert.NotEqual(0, sqlite3_stmt_readonly(nothing));
    }
}
