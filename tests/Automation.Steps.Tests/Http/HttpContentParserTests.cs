using System.Text;
using System.Text.Json;
using Automation.Steps.Http;
using Automation.Steps.Values;

namespace Automation.Steps.Tests.Http;

public sealed class HttpContentParserTests
{
    [Theory]
    [InlineData("application/json", "[1,{\"a\":null}]", "[1,{\"a\":null}]")]
    [InlineData("application/problem+json", "{\"a\":1}", "{\"a\":1}")]
    [InlineData("application/json", "\uFEFF{\"a\":1}", "{\"a\":1}")]
    [InlineData("application/json", "{bad", "\"{bad\"")]
    [InlineData("text/plain", "hello", "\"hello\"")]
    [InlineData(null, "hello", "\"hello\"")]
    [InlineData("application/x-www-form-urlencoded", "a=1&b=x+y&a=%C3%BC", """{"a":["1","ü"],"b":"x y"}""")]
    [InlineData("application/xml", "<a><b>1</b></a>", """{"a":{"b":"1"}}""")]
    [InlineData("text/xml", "<a x='1'><b>1</b><b/><c>t<d/></c></a>", """{"a":{"@x":"1","b":["1",""],"c":{"d":"","#text":"t"}}}""")]
    [InlineData("application/soap+xml", "<s:E xmlns:s='urn:x'><s:B>v</s:B></s:E>", """{"E":{"B":"v"}}""")]
    [InlineData("application/xml", "<a><b>", "\"<a><b>\"")]
    [InlineData("application/xml", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "\"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>\"")]
    [InlineData("application/octet-stream", "ab", "\"YWI=\"")]
    public void A_body_becomes_the_value_that_its_type_promises(string? mediaType, string body, string expected) =>
        Assert.Equal(expected, PlainJson.ToText(HttpContentParser.Parse(Encoding.UTF8.GetBytes(body), mediaType, charset: null)));

    [Fact]
    public void An_empty_body_is_null() => Assert.Null(HttpContentParser.Parse([], "application/json", null));

    [Fact]
    public void Charsets_are_honoured()
    {
        Assert.Equal("é", HttpContentParser.Parse([0xE9], "text/plain", "iso-8859-1"));
        Assert.Equal("é", ((JsonElement)HttpContentParser.Parse(Encoding.Unicode.GetBytes("\"é\""), "application/json", "utf-16")!).GetString());
        Assert.Equal("x", HttpContentParser.Parse("x"u8.ToArray(), "text/plain", "no-such-charset"));
    }

    [Fact]
    public void Bytes_without_a_type_stay_bytes() => Assert.IsType<byte[]>(HttpContentParser.Parse([0xFF, 0xFE, 0xFD], null, null));

    [Fact]
    public void Deeply_nested_documents_are_text_not_a_crash()
    {
        var xml = string.Concat(Enumerable.Repeat("<a>", 100_000)) + string.Concat(Enumerable.Repeat("</a>", 100_000));
        var json = new string('[', 100_000) + new string(']', 100_000);

        Assert.IsType<string>(HttpContentParser.Parse(Encoding.UTF8.GetBytes(xml), "application/xml", null));
        Assert.IsType<string>(HttpContentParser.Parse(Encoding.UTF8.GetBytes(json), "application/json", null));
    }
}
