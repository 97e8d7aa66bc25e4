using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class AggregateTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public AggregateTests() =>
        _db.Run("CREATE TABLE t (g, a); INSERT INTO t VALUES ('x', 1), ('y', 10), ('x', 2), ('y', 20), ('z', NULL)");

    public void Dispose() => _db.Dispose();

    [Fact]
    public void Each_group_has_its_own_state()
    {
        CreateTotal();

        Assert.Equal(["x=3", "y=30", "z=0"], _db.Column("SELECT g || '=' || total_of(a) FROM t GROUP BY g ORDER BY g"));
    }

    [Fact]
    public void Two_aggregates_in_one_query_do_not_mix()
    {
        CreateTotal();

        Assert.Equal("33,1", _db.Scalar("SELECT total_of(a) || ',' || total_of(a = 1) FROM t"));
    }

    [Fact]
    public void No_rows_end_in_a_final_call_without_state()
    {
        CreateTotal();

        Assert.Equal("none", _db.Scalar("SELECT total_of(a) FROM t WHERE 0"));
    }

    [Fact]
    public void User_data_and_flags_are_taken()
    {
        var given = new List<object?>();
        _db.Check(sqlite3_create_function(
            _db.Handle, "f", 1, SQLITE_DETERMINISTIC, "data", (_, data, _) => given.Add(data), (_, data) => given.Add(data)));

        _db.Column("SELECT f(a) FROM t WHERE g = 'z'");

        Assert.Equal(["data", "data"], given);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_exception_fails_the_statement_with_its_message(bool inStep)
    {
        _db.Check(sqlite3_create_function(
            _db.Handle, "f", 1, null,
            (_, _, _) => ThrowIf(inStep),
            (_, _) => ThrowIf(!inStep)));
        using var statement = _db.Prepare("SELECT f(a) FROM t");

        Assert.Equal(SQLITE_ERROR, sqlite3_step(statement));
        Assert.Equal("no luck", _db.Message);
        Assert.Equal("5", _db.Scalar("SELECT count(*) FROM t"));

        static void ThrowIf(bool condition)
        {
            if (condition)
                throw new InvalidOperationException("no luck");
        }
    }

    [Fact]
    public void A_group_given_up_half_way_frees_its_state()
    {
        var state = Memory.Isolated(() =>
        {
            WeakReference? state = null;
            _db.Check(sqlite3_create_function(
                _db.Handle, "f", 1, null,
                (ctx, _, args) =>
                {
                    if (ctx.state is null)
                    {
                        ctx.state = new object();
                        state = new WeakReference(ctx.state);
                    }
                    else
                    {
                        sqlite3_result_error(ctx, "enough");
                    }
                },
                (ctx, _) => { }));
            using var statement = _db.Prepare("SELECT f(a) FROM t");
            Assert.Equal(SQLITE_ERROR, sqlite3_step(statement));
            return state!;
        });

        Memory.Collect();

        Assert.False(state.IsAlive);
    }

    [Fact]
    public void An_aggregate_is_removed()
    {
        CreateTotal();

        _db.Check(sqlite3_create_function(_db.Handle, "total_of", 1, null, null, null));

        Assert.Equal(SQLITE_ERROR, sqlite3_exec(_db.Handle, "SELECT total_of(a) FROM t"));
    }

    private void CreateTotal() => _db.Check(sqlite3_create_function(
        _db.Handle, "total_of", 1, null,
        (ctx, _, args) => ctx.state = (long)(ctx.state ?? 0L) + sqlite3_value_int64(args[0]),
        (ctx, _) => sqlite3_result_text(ctx, ctx.state?.ToString() ?? "none")));
}
