using System.Text;
using Automation.Intake.Identification;

namespace Automation.Intake.Tests.Identification;

public sealed class PayloadReaderTests
{
    [Theory]
    [InlineData("""{"a":"x"}""", "a", "x")]
    [InlineData("""{"a":12345678901234567890.50}""", "a", "12345678901234567890.50")]
    [InlineData("""{"a":true}""", "a", "true")]
    [InlineData("""{"a":null}""", "a", null)]
    [InlineData("""{"a":{}}""", "a", null)]
    [InlineData("""{"b":{"a":"no"},"a":"yes"}""", "a", "yes")]
    [InlineData("""{"a":{"b":{"c":"deep"}}}""", "a.b.c", "deep")]
    [InlineData("""{"a":[{"b":"first"},{"b":"second"}]}""", "a.1.b", "second")]
    [InlineData("""{"a":[[1,2],[3,4]]}""", "a.1.0", "3")]
    [InlineData("""{"a":{"1":"named"}}""", "a.1", "named")]
    [InlineData("""{"a":["x"]}""", "a.1", null)]
    [InlineData("""{"\u0061":"escaped name","b":1}""", "a", "escaped name")]
    [InlineData("""{"a":"\u00fc\ud83d\ude00\n"}""", "a", "ü😀\n")]
    [InlineData("""{"ключ":"да"}""", "ключ", "да")]
    [InlineData("""{"a":"first","a":"last"}""", "a", "last")]
    [InlineData("""{"a":"first","a":null}""", "a", null)]
    [InlineData("""{"a":"first","a":{"b":1}}""", "a", null)]
    [InlineData("""{"a":{"b":"first"},"a":{"c":1}}""", "a.b", null)]
    [InlineData("""{"a":{"b":"first"},"a":7}""", "a.b", null)]
    [InlineData("""{"a":{"b":"first"},"a":[]}""", "a.b", null)]
    [InlineData("""[{"a":"x"}]""", "0.a", "x")]
    [InlineData("\uFEFF {\"a\":\"after a mark\"} \r\n", "a", "after a mark")]
    public void A_path_finds_what_every_later_reader_would(string json, string path, string? value)
    {
        var tree = new PathTree();
        var values = new string?[1];
        tree.Add(path);

        Assert.Null(PayloadReader.Read(Encoding.UTF8.GetBytes(json), tree, values));

        Assert.Equal(value, values[0]);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Nesting_is_taken_to_the_depth_that_later_readers_take(int depth, bool taken)
    {
        var json = Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));

        Assert.Equal(taken, PayloadReader.Read(json, new PathTree(), []) is null);
        if (taken)
            System.Text.Json.JsonDocument.Parse(json).Dispose();
    }

    [Theory]
    [InlineData("2023-06-08T10:30:00Z", 1686220200000)]
    [InlineData("2023-06-08T12:30:00+02:00", 1686220200000)]
    [InlineData("1686220200", 1686220200000)]
    [InlineData("1686220200.5", 1686220200500)]
    [InlineData("1686220200123", 1686220200123)]
    [InlineData("1686220200123456", 1686220200123)]
    [InlineData("yesterday", null)]
    [InlineData("1e300", null)]
    [InlineData("NaN", null)]
    [InlineData("", null)]
    public void Times_are_read_in_the_forms_that_senders_use(string text, long? milliseconds) =>
        Assert.Equal(milliseconds, Identifier.Time(text)?.ToUnixTimeMilliseconds());

    [Fact]
    public void Ids_rise_even_when_the_clock_does_not()
    {
        var clock = new Testing.ManualClock();
        var ids = new Intake.Events.EventIds(clock);
        var seen = new List<string>();
        for (var i = 0; i < 10_000; i++)
        {
            if (i == 5_000)
                clock.Jump(TimeSpan.FromHours(-1));
            seen.Add(ids.Next(out _));
        }

        Assert.Equal(seen.Order(StringComparer.Ordinal), seen);
        Assert.All(seen, id => Assert.Equal(7, Guid.Parse(id).Version));
        Assert.True(string.CompareOrdinal(Intake.Events.EventIds.At(clock.GetUtcNow().AddHours(1)), seen[0]) <= 0);
    }
}
