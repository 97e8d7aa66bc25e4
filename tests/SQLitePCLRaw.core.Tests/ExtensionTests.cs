using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class ExtensionTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public void Dispose() => _db.Dispose();

    [Fact]
    public void Loading_an_extension_is_refused_unless_allowed()
    {
        Assert.Equal(SQLITE_ERROR, sqlite3_load_extension(_db.Handle, utf8z.FromString("any"), default, out var message));
        Assert.Equal("not authorized", message.utf8_to_string());
        Assert.Equal(SQLITE_ERROR, sqlite3_exec(_db.Handle, "SELECT load_extension('any')"));
    }

    [Fact]
    public void A_missing_extension_is_named_and_the_message_outlives_the_connection()
    {
        _db.Check(sqlite3_enable_load_extension(_db.Handle, 1));

        var rc = sqlite3_load_extension(
            _db.Handle, utf8z.FromString("/no/such/extension-ä"), utf8z.FromString("entry_point"), out var message);
        _db.Dispose();

        Assert.Equal(SQLITE_ERROR, rc);
        Assert.Contains("/no/such/extension-ä", message.utf8_to_string(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_allowed_can_be_forbidden_again()
    {
        _db.Check(sqlite3_enable_load_extension(_db.Handle, 1));
        _db.Check(sqlite3_enable_load_extension(_db.Handle, 0));

        Assert.Equal(SQLITE_ERROR, sqlite3_load_extension(_db.Handle, utf8z.FromString("any"), default, out var message));
        Assert.Equal("not authorized", message.utf8_to_string());
    }
}
