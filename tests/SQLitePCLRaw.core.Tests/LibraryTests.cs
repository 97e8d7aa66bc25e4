using System.Globalization;
using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class LibraryTests
{
    [Fact]
    public void The_version_is_the_same_as_text_and_as_number()
    {
        var parts = sqlite3_libversion().utf8_to_string()!.Split('.').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToArray();

        Assert.Equal((parts[0] * 1_000_000) + (parts[1] * 1000) + parts[2], sqlite3_libversion_number());
    }

    [Fact]
    public void The_library_is_the_operating_systems_own()
    {
        _ = sqlite3_libversion_number();

        Assert.Contains("sqlite3", GetNativeLibraryName(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_entry_point_that_the_data_provider_looks_for_exists_and_may_be_called_again()
    {
        Batteries_V2.Init();
        Batteries_V2.Init();

        Assert.True(sqlite3_libversion_number() > 0);
    }

    [Theory]
    [InlineData(3_034_001, "3.34.1")]
    [InlineData(3_007_017, "3.7.17")]
    public void A_library_older_than_3_35_is_refused_when_a_database_is_opened(int version, string spelled)
    {
        var error = Assert.Throws<NotSupportedException>(() => Open(":memory:", out _, SQLITE_OPEN_READWRITE, null, version));

        Assert.Contains($"is version {spelled};", error.Message, StringComparison.Ordinal);
        Assert.Contains("3.35.0 or newer is needed", error.Message, StringComparison.Ordinal);
        Assert.Contains("pdate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_3_35_is_enough()
    {
        Assert.Equal(SQLITE_OK, Open(":memory:", out var db, SQLITE_OPEN_READWRITE, null, 3_035_000));
        db.Dispose();
    }

    [Fact]
    public void A_missing_library_is_reported_with_the_names_tried_and_what_to_do()
    {
        var error = Assert.Throws<DllNotFoundException>(
            () => SystemLibrary.Load(["no-such-sqlite.1", "no-such-sqlite.2"], typeof(raw).Assembly, null, out _));

        Assert.Contains("no-such-sqlite.1, no-such-sqlite.2", error.Message, StringComparison.Ordinal);
        Assert.Contains("pdate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keywords_are_listed()
    {
        var keywords = new List<string?>();
        for (var i = 0; i < sqlite3_keyword_count(); i++)
        {
            Assert.Equal(SQLITE_OK, sqlite3_keyword_name(i, out var name));
            keywords.Add(name);
        }

        Assert.Contains("SELECT", keywords);
        Assert.DoesNotContain("", keywords);
        Assert.Equal(keywords.Count, keywords.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void An_option_of_the_library_comes_too_late_once_a_database_is_open()
    {
        Assert.Equal(SQLITE_OK, sqlite3_open(":memory:", out var db));
        using (db)
            Assert.Equal(SQLITE_MISUSE, sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void A_keyword_out_of_range_is_an_error(int index)
    {
        Assert.Equal(SQLITE_ERROR, sqlite3_keyword_name(index, out var name));
        Assert.Null(name);
    }

    [Fact]
    public void The_directory_setting_exists_on_Windows_only()
    {
        const int TemporaryDirectory = 2;

        Assert.Equal(OperatingSystem.IsWindows() ? SQLITE_OK : SQLITE_ERROR, sqlite3_win32_set_directory(TemporaryDirectory, null));
    }

    [Fact]
    public void Result_codes_have_meanings()
    {
        Assert.Equal("database is locked", sqlite3_errstr(SQLITE_BUSY).utf8_to_string());
        Assert.Equal("unknown error", sqlite3_errstr(77).utf8_to_string());
    }
}
