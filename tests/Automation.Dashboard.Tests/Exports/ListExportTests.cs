using System.Text;
using Automation.Dashboard.Exports;
using Automation.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Dashboard.Tests.Exports;

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
        var (written, answered) = await WriteAsync(format, RowsAsync());

        Assert.Equal(type, answered);
        Assert.Equal(expected, written);
    }

    [Theory]
    [InlineData(null, "name,count,at\na,1,\n'=b,2,1970-01-01T00:00:00.0000000Z\n\"# Not the end, go on\",,\n")]
    [InlineData("ndjson", """{"name":"a","count":1,"at":null}""" + "\n" + """{"name":"=b","count":2,"at":"1970-01-01T00:00:00+00:00"}""" + "\n" + """{"unfinished":"Not the end, go on"}""" + "\n")]
    public async Task A_list_that_is_not_whole_says_so_in_its_last_line(string? format, string expected) =>
        Assert.Equal(expected, (await WriteAsync(format, RowsAsync(), () => "Not the end, go on")).Written);

    [Fact]
    public async Task What_is_there_is_sent_while_the_next_row_takes_long()
    {
        var (clock, body, rest) = (new ManualClock(), new Sent(), new TaskCompletionSource());
        var writing = WriteAsync(null, SlowRowsAsync(rest.Task), clock: clock, body: body);

        // The timer is set a moment after the reader has begun to wait.
        while (!body.Flushed.Task.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal("name,count,at\na,1,\n", Encoding.UTF8.GetString(body.ToArray()));
        rest.SetResult();
        Assert.Equal("name,count,at\na,1,\nb,2,\n", (await writing).Written);
    }

    private static async Task<(string Written, string? Type)> WriteAsync(
        string? format, IAsyncEnumerable<(string Name, long Count, DateTimeOffset? At)> rows, Func<string?>? unfinished = null, TimeProvider? clock = null, MemoryStream? body = null)
    {
        await using var services = new ServiceCollection().AddSingleton(clock ?? TimeProvider.System).BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        using var written = body ?? new MemoryStream();
        context.Response.Body = written;
        await ListExport.WriteAsync(context, format, "list", rows, Columns, unfinished);
        return (Encoding.UTF8.GetString(written.ToArray()), context.Response.ContentType);
    }

    private static async IAsyncEnumerable<(string Name, long Count, DateTimeOffset? At)> SlowRowsAsync(Task rest)
    {
        yield return ("a", 1, null);
        await rest;
        yield return ("b", 2, null);
    }

    /// <summary>Tells when something was sent.</summary>
    private sealed class Sent : MemoryStream
    {
        public TaskCompletionSource Flushed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async Task FlushAsync(CancellationToken cancellationToken)
        {
            await base.FlushAsync(cancellationToken);
            Flushed.TrySetResult();
        }
    }

    private static async IAsyncEnumerable<(string Name, long Count, DateTimeOffset? At)> RowsAsync()
    {
        yield return ("a", 1, null);
        await Task.CompletedTask;
        yield return ("=b", 2, DateTimeOffset.UnixEpoch);
    }
}
