using System.Text;
using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class TextTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public void Dispose() => _db.Dispose();

    public static TheoryData<string> Texts => new(
        "",
        "a",
        "äöü ß",
        "データ",
        "🦊 fox",
        "👩‍👩‍👧‍👦",
        "\uFEFFbyte order mark",
        "\u0001\u007F",
        "\U0010FFFF\uFFFF",
        "zero\0inside",
        "\0",
        "\0\0at both ends\0");

    [Theory]
    [MemberData(nameof(Texts))]
    public void Text_survives_with_every_character(string text)
    {
        Assert.Equal(text, Echo(statement => sqlite3_bind_text(statement, 1, text)));
        Assert.Equal(text, Echo(statement => sqlite3_bind_text(statement, 1, Encoding.UTF8.GetBytes(text))));
    }

    // Around the sizes where the buffer moves from the stack to the pool.
    [Theory]
    [InlineData(168)]
    [InlineData(169)]
    [InlineData(170)]
    [InlineData(171)]
    [InlineData(510)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(100_000)]
    public void Text_of_any_length_survives(int length)
    {
        foreach (var character in (char[])['x', 'ä', 'デ'])
        {
            var text = new string(character, length);
            Assert.Equal(text, Echo(statement => sqlite3_bind_text(statement, 1, text)));
        }
    }

    [Fact]
    public void Every_code_point_survives()
    {
        var all = new StringBuilder();
        for (var i = 0; i <= 0x10FFFF; i++)
        {
            if (Rune.IsValid(i))
                all.Append(new Rune(i).ToString());
        }

        var text = all.ToString();
        Assert.Equal(text, Echo(statement => sqlite3_bind_text(statement, 1, text)));
    }

    // Not as theory data: attributes cannot hold lone surrogates.
    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character()
    {
        (string Text, string Stored)[] cases =
        [
            ("\uD83E", "\uFFFD"),
            ("\uDD8A", "\uFFFD"),
            ("a\uD83Eb", "a\uFFFDb"),
            ("\uDD8A\uD83E", "\uFFFD\uFFFD"),
            (new string('\uD83E', 1000), new string('\uFFFD', 1000)),
        ];

        foreach (var (text, stored) in cases)
            Assert.Equal(stored, Echo(statement => sqlite3_bind_text(statement, 1, text)));
    }

    [Theory]
    [InlineData(new byte[] { 0xFF }, "\uFFFD")]
    [InlineData(new byte[] { (byte)'a', 0xC3 }, "a\uFFFD")]
    [InlineData(new byte[] { 0xC0, 0x80 }, "\uFFFD\uFFFD")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "\uFFFD\uFFFD\uFFFD")]
    [InlineData(new byte[] { 0xF0, 0x9F, 0xA6 }, "\uFFFD")]
    public void Invalid_bytes_are_kept_and_decode_to_the_replacement_character(byte[] bytes, string decoded)
    {
        using var statement = _db.Prepare("SELECT ?1");
        Assert.Equal(SQLITE_OK, sqlite3_bind_text(statement, 1, bytes));
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(decoded, sqlite3_column_text(statement, 0).utf8_to_string());
        Assert.Equal(bytes, sqlite3_column_text(statement, 0).AsSpan().ToArray());
    }

    [Fact]
    public void Null_text_is_NULL_and_empty_text_is_not()
    {
        using var statement = _db.Prepare("SELECT ?1, ?2, ?3, ?4");
        sqlite3_bind_text(statement, 1, (string?)null);
        sqlite3_bind_text(statement, 2, "");
        sqlite3_bind_text(statement, 3, ReadOnlySpan<byte>.Empty);
        sqlite3_bind_text(statement, 4, ""u8);
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));

        Assert.Equal(SQLITE_NULL, sqlite3_column_type(statement, 0));
        for (var i = 1; i < 4; i++)
        {
            Assert.Equal(SQLITE_TEXT, sqlite3_column_type(statement, i));
            Assert.Equal("", sqlite3_column_text(statement, i).utf8_to_string());
            Assert.False(sqlite3_column_text(statement, i).IsNull);
        }
    }

    [Fact]
    public void Text_from_a_UTF_16_database_arrives_as_UTF_8()
    {
        _db.Run("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a); INSERT INTO t VALUES ('🦊ä')");

        Assert.Equal("🦊ä", _db.Scalar("SELECT a FROM t"));
        Assert.Equal("UTF-16le", _db.Scalar("PRAGMA encoding"));
    }

    [Fact]
    public void Zero_terminated_text_keeps_null_and_empty_apart()
    {
        Assert.Null(utf8z.FromString(null).utf8_to_string());
        Assert.True(utf8z.FromString(null).IsNull);
        Assert.True(default(utf8z).IsNull);
        Assert.True(utf8z.FromString(null).AsSpan().IsEmpty);
        Assert.Equal("", utf8z.FromString("").utf8_to_string());
        Assert.False(utf8z.FromString("").IsNull);
        Assert.Equal("ä🦊", utf8z.FromString("ä🦊").utf8_to_string());
        Assert.Equal(6, utf8z.FromString("ä🦊").AsSpan().Length);
    }

    [Fact]
    public unsafe void Zero_terminated_text_is_followed_by_a_zero()
    {
        foreach (var text in (string[])["", "abc", "ä"])
        {
            var encoded = utf8z.FromString(text);
            fixed (byte* start = encoded)
                Assert.Equal(0, start[encoded.AsSpan().Length]);
        }

        fixed (byte* start = utf8z.FromString(null))
            Assert.True(start is null);
    }

    private string? Echo(Func<sqlite3_stmt, int> bind)
    {
        using var statement = _db.Prepare("SELECT ?1");
        Assert.Equal(SQLITE_OK, bind(statement));
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
        Assert.Equal(SQLITE_TEXT, sqlite3_column_type(statement, 0));
        return sqlite3_column_text(statement, 0).utf8_to_string();
    }
}
