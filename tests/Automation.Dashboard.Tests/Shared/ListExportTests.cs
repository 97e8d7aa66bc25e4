using System.Text;
using Automation.Dashboard.Shared;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Tests.Shared;

public sealed class ListExportTests
{
    private static readonly ExportColumn<(string Name, long Count, DateTimeOffset? At)>[] Columns = [new("name", r => r.Name), new("count", r => r.Count), new("at", r => r.At)];

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"\nthere", "\"say \"\"hi\"\"\nthere\"")]
    [InlineData("=HYPERLINK(\"http://evil\")", "\"'=HYPERLINK(\"\"http://evil\"\")\"")]
    [InlineData("@SUM(1)", "'@SUM(1)")]
    [InlineData("-1+1", "'-1+1")]
    public void A_cell_is_text_whatever_is_in_it(string value, string expected) => Assert.Equal(expected, ListExport.Cell(value));

    [Fact]
    public void Numbers_and_times_stay_what_they_are()
    {
        Assert.Equal("-5", ListExport.Cell(-5L));
        Assert.Equal("", ListExport.Cell(null));
        Assert.Equal("1970-01-01T00:00:00.0000000Z", ListExport.Cell(DateTimeOffset.UnixEpoch));
    }

    [Theory]
    [InlineData(null, "text/csv; charset=utf-8", "name,count,at\na,1,\n'=b,2,1970-01-01T00:00:00.0000000Z\n")]
    [InlineData("ndjson", "application/x-ndjson", """{"name":"a","count":1,"at":null}""" + "\n" + """{"name":"=b","count":2,"at":"1970-01-01T00:00:00+00:00"}""" + "\n")]
    public async Task A_list_is_written_in_the_format_that_was_asked_for(string? format, string type, string expected)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;

        await ListExport.WriteAsync(context, format, "list", RowsAsync(), Columns);

        Assert.Equal(type, context.Response.ContentType);
        Assert.Equal(expected, Encoding.UTF8.GetString(body.ToArray()));
    }

    private static async IAsyncEnumerable<(string Name, long Count, DateTimeOffset? At)> RowsAsync()
    {
        yield return ("a", 1, null);
        await Task.CompletedTask;
        yield return ("=b", 2, DateTimeOffset.UnixEpoch);
    }
}
