using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class FunctionTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public void Dispose() => _db.Dispose();

    [Fact]
    public void Arguments_and_results_of_every_type_pass()
    {
        var seen = new List<object>();
        Create("echo", 1, (ctx, _, args) =>
        {
            switch (sqlite3_value_type(args[0]))
            {
                case SQLITE_INTEGER:
                    seen.Add(sqlite3_value_int64(args[0]));
                    sqlite3_result_int64(ctx, sqlite3_value_int64(args[0]));
                    break;
                case SQLITE_FLOAT:
                    seen.Add(sqlite3_value_double(args[0]));
                    sqlite3_result_double(ctx, sqlite3_value_double(args[0]));
                    break;
                case SQLITE_TEXT:
                    seen.Add(sqlite3_value_text(args[0]).utf8_to_string() is { Length: > 0 } text ? text : "text of 0");
                    sqlite3_result_text(ctx, sqlite3_value_text(args[0]).utf8_to_string());
                    break;
                case SQLITE_BLOB:
                    seen.Add(Convert.ToHexString(sqlite3_value_blob(args[0])) is { Length: > 0 } hex ? hex : "blob of 0");
                    sqlite3_result_blob(ctx, sqlite3_value_blob(args[0]));
                    break;
                default:
                    seen.Add(sqlite3_value_text(args[0]).utf8_to_string() ?? "null");
                    Assert.True(sqlite3_value_blob(args[0]).IsEmpty);
                    sqlite3_result_null(ctx);
                    break;
            }
        });

        Assert.Equal(
            ["integer:-9223372036854775808", "real:0.5", "text:ä🦊", "text:", "blob:00FF", "blob:", "null:"],
            _db.Column("""
                WITH v(x) AS (VALUES (-9223372036854775807 - 1), (0.5), ('ä🦊'), (''), (x'00ff'), (x''), (NULL))
                SELECT typeof(y) || ':' || iif(typeof(y) = 'blob', hex(y), ifnull(y, '')) FROM (SELECT echo(x) AS y FROM v)
                """));
        // The subquery is flattened, so a row may call the function more than once.
        Assert.Equal(
            [long.MinValue, 0.5, "ä🦊", "text of 0", "00FF", "blob of 0", "null"],
            seen.Distinct());
    }

    [Fact]
    public void Text_with_zero_characters_passes_whole()
    {
        string? argument = null;
        Create("echo", 1, (ctx, _, args) => sqlite3_result_text(ctx, argument = sqlite3_value_text(args[0]).utf8_to_string()));
        using var statement = _db.Prepare("SELECT echo(?1)");
        sqlite3_bind_text(statement, 1, "a\0b");

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal("a\0b", argument);
        Assert.Equal("a\0b", sqlite3_column_text(statement, 0).utf8_to_string());
    }

    [Fact]
    public void A_result_may_be_null_text_or_empty()
    {
        Create("null_text", 0, (ctx, _, _) => sqlite3_result_text(ctx, null));
        Create("empty_text", 0, (ctx, _, _) => sqlite3_result_text(ctx, ""));
        Create("empty_blob", 0, (ctx, _, _) => sqlite3_result_blob(ctx, default));
        Create("not_a_number", 0, (ctx, _, _) => sqlite3_result_double(ctx, double.NaN));
        Create("no_result", 0, (_, _, _) => { });

        Assert.Equal("null", _db.Scalar("SELECT typeof(null_text())"));
        Assert.Equal("text", _db.Scalar("SELECT typeof(empty_text())"));
        Assert.Equal("blob", _db.Scalar("SELECT typeof(empty_blob())"));
        Assert.Equal("null", _db.Scalar("SELECT typeof(not_a_number())"));
        Assert.Equal("null", _db.Scalar("SELECT typeof(no_result())"));
    }

    [Fact]
    public void The_number_of_arguments_chooses_the_function()
    {
        Create("f", 0, (ctx, _, args) => sqlite3_result_text(ctx, "none"));
        Create("f", 2, (ctx, _, args) => sqlite3_result_text(ctx, "two"));
        Create("f", -1, (ctx, _, args) => sqlite3_result_text(ctx, $"any {args.Length}"));

        Assert.Equal(["none"], _db.Column("SELECT f()"));
        Assert.Equal(["any 1"], _db.Column("SELECT f(1)"));
        Assert.Equal(["two"], _db.Column("SELECT F(1, 2)"));
        Assert.Equal(["any 100"], _db.Column($"SELECT f({string.Join(',', Enumerable.Range(0, 100))})"));
    }

    [Fact]
    public void User_data_is_handed_to_the_function()
    {
        object? given = null;
        _db.Check(sqlite3_create_function(_db.Handle, "f", 0, "data", (_, data, _) => given = data));

        _db.Column("SELECT f()");

        Assert.Equal("data", given);
    }

    [Fact]
    public void Only_a_deterministic_function_may_be_indexed()
    {
        _db.Run("CREATE TABLE t (a)");
        _db.Check(sqlite3_create_function(_db.Handle, "f", 1, null, Identity));
        Assert.Equal(SQLITE_ERROR, sqlite3_exec(_db.Handle, "CREATE INDEX i ON t (f(a))"));
        Assert.Contains("non-deterministic", _db.Message, StringComparison.Ordinal);

        _db.Check(sqlite3_create_function(_db.Handle, "f", 1, SQLITE_DETERMINISTIC, null, Identity));
        _db.Run("CREATE INDEX i ON t (f(a))");
    }

    [Fact]
    public void A_function_is_replaced_and_removed()
    {
        Create("f", 0, (ctx, _, _) => sqlite3_result_int64(ctx, 1));
        Create("f", 0, (ctx, _, _) => sqlite3_result_int64(ctx, 2));
        Assert.Equal("2", _db.Scalar("SELECT f()"));

        _db.Check(sqlite3_create_function(_db.Handle, "f", 0, null, (delegate_function_scalar?)null));

        Assert.Equal(SQLITE_ERROR, sqlite3_prepare_v2(_db.Handle, "SELECT f()", out var statement));
        statement.Dispose();
        Assert.StartsWith("no such function", _db.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_function_that_cannot_be_made_is_refused()
    {
        Assert.Equal(SQLITE_MISUSE, sqlite3_create_function(_db.Handle, "f", 1000, null, Identity));
        Assert.Equal(SQLITE_MISUSE, sqlite3_create_function(_db.Handle, new string('f', 300), 1, null, Identity));
    }

    [Fact]
    public void A_function_in_use_is_not_replaced()
    {
        Create("f", 0, (ctx, _, _) => sqlite3_result_int64(ctx, 1));
        using var running = _db.Prepare("SELECT f() UNION ALL SELECT 2");
        Assert.Equal(SQLITE_ROW, sqlite3_step(running));

        Assert.Equal(SQLITE_BUSY, sqlite3_create_function(_db.Handle, "f", 0, null, Identity));
        Assert.Equal(SQLITE_ROW, sqlite3_step(running));
        Assert.Equal("1", _db.Scalar("SELECT f()"));
    }

    [Fact]
    public void An_exception_fails_the_statement_with_its_message()
    {
        Create("f", 0, (_, _, _) => throw new InvalidOperationException("no luck: 🦊"));
        using var statement = _db.Prepare("SELECT f()");

        Assert.Equal(SQLITE_ERROR, sqlite3_step(statement));
        Assert.Equal("no luck: 🦊", _db.Message);
        Assert.Equal("1", _db.Scalar("SELECT 1"));
    }

    [Fact]
    public void An_exception_whose_message_cannot_be_had_fails_the_statement_too()
    {
        Create("f", 0, (_, _, _) => throw new Unspeakable());
        using var statement = _db.Prepare("SELECT f()");

        Assert.Equal(SQLITE_ERROR, sqlite3_step(statement));
        Assert.Equal("1", _db.Scalar("SELECT 1"));
    }

    [Fact]
    public void An_error_and_its_code_are_reported()
    {
        Create("f", 0, (ctx, _, _) =>
        {
            sqlite3_result_error(ctx, "wrong ä");
            sqlite3_result_error_code(ctx, SQLITE_READONLY);
        });
        Create("code_only", 0, (ctx, _, _) => sqlite3_result_error_code(ctx, SQLITE_TOOBIG));
        using var statement = _db.Prepare("SELECT f()");
        using var codeOnly = _db.Prepare("SELECT code_only()");

        Assert.Equal(SQLITE_READONLY, sqlite3_step(statement));
        Assert.Equal("wrong ä", _db.Message);
        Assert.Equal(SQLITE_TOOBIG, sqlite3_step(codeOnly));
        Assert.Equal("string or blob too big", _db.Message);
    }

    [Fact]
    public void A_function_may_query_its_own_connection()
    {
        _db.Run("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)");
        Create("total", 0, (ctx, _, _) => sqlite3_result_text(ctx, _db.Scalar("SELECT sum(a) FROM t")));
        Create("nested", 1, (ctx, _, args) =>
        {
            var depth = sqlite3_value_int64(args[0]);
            sqlite3_result_text(ctx, depth == 0 ? "bottom" : _db.Scalar($"SELECT nested({depth - 1})"));
            Assert.Equal(depth, sqlite3_value_int64(args[0]));
        });

        Assert.Equal("6", _db.Scalar("SELECT total()"));
        Assert.Equal("bottom", _db.Scalar("SELECT nested(5)"));
    }

    [Fact]
    public void Arguments_and_context_are_refused_once_the_call_is_over()
    {
        sqlite3_context? context = null;
        sqlite3_value[] arguments = [];
        Create("f", 1, (ctx, _, args) => (context, arguments) = (ctx, args));

        _db.Column("SELECT f(1)");

        Assert.Throws<InvalidOperationException>(() => sqlite3_value_int64(arguments[0]));
        Assert.Throws<InvalidOperationException>(() => sqlite3_result_null(context!));
    }

    [Fact]
    public void Many_calls_with_collections_between_them_find_their_function()
    {
        Create("f", 1, (ctx, _, args) =>
        {
            if (sqlite3_value_int64(args[0]) % 1000 == 0)
                GC.Collect(0);
            sqlite3_result_int64(ctx, sqlite3_value_int64(args[0]) * 2);
        });

        Assert.Equal("100010000", _db.Scalar(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) SELECT sum(f(i)) FROM n"));
    }

    private static void Identity(sqlite3_context ctx, object? data, sqlite3_value[] args) =>
        sqlite3_result_int64(ctx, sqlite3_value_int64(args[0]));

    private void Create(string name, int arguments, delegate_function_scalar function) =>
        _db.Check(sqlite3_create_function(_db.Handle, name, arguments, null, function));

    private sealed class Unspeakable : Exception
    {
        public override string Message => throw new NotSupportedException();
    }
}
