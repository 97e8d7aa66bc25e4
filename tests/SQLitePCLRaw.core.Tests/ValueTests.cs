using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

/// <summary>Numbers, NULL, blobs and parameters; text has its own file.</summary>
public sealed class ValueTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public void Dispose() => _db.Dispose();

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MinValue + 1)]
    [InlineData(int.MinValue - 1L)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(uint.MaxValue)]
    [InlineData(long.MaxValue - 1)]
    [InlineData(long.MaxValue)]
    public void Integers_of_64_bits_survive(long value)
    {
        using var statement = Echo();
        Assert.Equal(SQLITE_OK, sqlite3_bind_int64(statement, 1, value));

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(SQLITE_INTEGER, sqlite3_column_type(statement, 0));
        Assert.Equal(value, sqlite3_column_int64(statement, 0));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.1)]
    [InlineData(double.Epsilon)]
    [InlineData(double.MaxValue)]
    [InlineData(double.MinValue)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(9007199254740993.0)]
    public void Doubles_survive(double value)
    {
        using var statement = Echo();
        Assert.Equal(SQLITE_OK, sqlite3_bind_double(statement, 1, value));

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(SQLITE_FLOAT, sqlite3_column_type(statement, 0));
        Assert.Equal(BitConverter.DoubleToInt64Bits(value), BitConverter.DoubleToInt64Bits(sqlite3_column_double(statement, 0)));
    }

    [Fact]
    public void Not_a_number_is_stored_as_NULL()
    {
        using var statement = Echo();
        Assert.Equal(SQLITE_OK, sqlite3_bind_double(statement, 1, double.NaN));

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(SQLITE_NULL, sqlite3_column_type(statement, 0));
    }

    [Fact]
    public void NULL_reads_as_nothing_in_every_type()
    {
        using var statement = Echo();
        Assert.Equal(SQLITE_OK, sqlite3_bind_null(statement, 1));

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(SQLITE_NULL, sqlite3_column_type(statement, 0));
        Assert.Equal(0, sqlite3_column_int64(statement, 0));
        Assert.Equal(0, sqlite3_column_double(statement, 0));
        Assert.True(sqlite3_column_text(statement, 0).IsNull);
        Assert.Null(sqlite3_column_text(statement, 0).utf8_to_string());
        Assert.True(sqlite3_column_blob(statement, 0).IsEmpty);
    }

    [Fact]
    public void An_empty_blob_is_not_NULL()
    {
        using var statement = Echo();
        foreach (var none in (byte[]?[])[[], null])
        {
            Assert.Equal(SQLITE_OK, sqlite3_bind_blob(statement, 1, none));
            Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
            Assert.Equal(SQLITE_BLOB, sqlite3_column_type(statement, 0));
            Assert.True(sqlite3_column_blob(statement, 0).IsEmpty);
            Assert.Equal(SQLITE_OK, sqlite3_reset(statement));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(1_000_000)]
    public void Blobs_survive(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using var statement = Echo();
        Assert.Equal(SQLITE_OK, sqlite3_bind_blob(statement, 1, bytes));
        var original = bytes.ToArray();
        // SQLite must have copied them.
        Array.Clear(bytes);

        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(SQLITE_BLOB, sqlite3_column_type(statement, 0));
        Assert.Equal(original, sqlite3_column_blob(statement, 0).ToArray());
    }

    [Fact]
    public void Values_are_read_as_other_types_by_SQLites_rules()
    {
        using var statement = _db.Prepare("SELECT '12abc', 3.9, x'3432'");
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(12, sqlite3_column_int64(statement, 0));
        Assert.Equal(3, sqlite3_column_int64(statement, 1));
        Assert.Equal("3.9", sqlite3_column_text(statement, 1).utf8_to_string());
        Assert.Equal(42, sqlite3_column_double(statement, 2));
        Assert.Equal("12abc"u8.ToArray(), sqlite3_column_blob(statement, 0).ToArray());
    }

    [Fact]
    public void An_index_out_of_range_is_an_error_for_a_parameter_and_NULL_for_a_column()
    {
        using var statement = Echo();

        Assert.Equal(SQLITE_RANGE, sqlite3_bind_int64(statement, 0, 1));
        Assert.Equal(SQLITE_RANGE, sqlite3_bind_double(statement, 2, 1));
        Assert.Equal(SQLITE_RANGE, sqlite3_bind_null(statement, -1));
        Assert.Equal(SQLITE_RANGE, sqlite3_bind_text(statement, 2, "x"));
        Assert.Equal(SQLITE_RANGE, sqlite3_bind_text(statement, 2, (string?)null));
        Assert.Equal(SQLITE_RANGE, sqlite3_bind_text(statement, 2, "x"u8));
        Assert.Equal(SQLITE_RANGE, sqlite3_bind_blob(statement, 2, "x"u8));
        sqlite3_step(statement);
        Assert.Equal(SQLITE_NULL, sqlite3_column_type(statement, 1));
        Assert.True(sqlite3_column_text(statement, -1).IsNull);
    }

    [Fact]
    public void Binding_while_the_statement_runs_is_misuse()
    {
        using var statement = Echo();
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(SQLITE_MISUSE, sqlite3_bind_int64(statement, 1, 1));
    }

    [Fact]
    public void Parameters_are_found_by_name_and_named_by_index()
    {
        using var statement = _db.Prepare("SELECT $a, @b, :c, ?, ?7, $größe");

        Assert.Equal(8, sqlite3_bind_parameter_count(statement));
        Assert.Equal([1, 2, 3, 7, 8], new[] { "$a", "@b", ":c", "?7", "$größe" }.Select(n => sqlite3_bind_parameter_index(statement, n)));
        Assert.Equal([0, 0, 0], new[] { "a", "$b", "" }.Select(n => sqlite3_bind_parameter_index(statement, n)));
        Assert.Equal("$a", sqlite3_bind_parameter_name(statement, 1).utf8_to_string());
        Assert.Equal("$größe", sqlite3_bind_parameter_name(statement, 8).utf8_to_string());
        Assert.Null(sqlite3_bind_parameter_name(statement, 4).utf8_to_string());
        Assert.Null(sqlite3_bind_parameter_name(statement, 99).utf8_to_string());
    }

    private sqlite3_stmt Echo() => _db.Prepare("SELECT ?1");
}
