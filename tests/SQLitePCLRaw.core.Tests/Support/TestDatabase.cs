namespace SQLitePCL.Tests.Support;

/// <summary>A connection with the few helpers that every test needs; a failing call fails the test with SQLite's message.</summary>
internal sealed class TestDatabase : IDisposable
{
    public TestDatabase(string filename = ":memory:")
    {
        var rc = sqlite3_open(filename, out var handle);
        Handle = handle;
        Assert.Equal(SQLITE_OK, rc);
    }

    public sqlite3 Handle { get; }

    public string Message => sqlite3_errmsg(Handle).utf8_to_string() ?? "";

    public void Run(string sql) => Check(sqlite3_exec(Handle, sql));

    public sqlite3_stmt Prepare(string sql)
    {
        Check(sqlite3_prepare_v2(Handle, sql, out var statement));
        return statement;
    }

    /// <summary>First column of every row.</summary>
    public List<string?> Column(string sql)
    {
        using var statement = Prepare(sql);
        var values = new List<string?>();
        int rc;
        while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
            values.Add(sqlite3_column_text(statement, 0).utf8_to_string());
        Check(rc, SQLITE_DONE);
        return values;
    }

    public string? Scalar(string sql) => Column(sql)[0];

    public void Check(int rc, int expected = SQLITE_OK) =>
        Assert.True(rc == expected, $"result {rc}, not {expected}: {Message}");

    public void Dispose() => Handle.Dispose();
}
