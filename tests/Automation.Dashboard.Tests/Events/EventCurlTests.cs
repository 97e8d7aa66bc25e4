using System.Diagnostics;
using System.Text;
using Automation.Dashboard.Events;
using Automation.Intake.Events;
using Automation.Storage.Events;

namespace Automation.Dashboard.Tests.Events;

public sealed class EventCurlTests
{
    [Fact]
    public void The_command_has_what_was_sent_and_not_what_the_connection_was()
    {
        var command = EventCurl.Of(
            Event("""{"a":1}"""u8, """{"Host":"h","Content-Length":"7","Content-Type":"application/json; charset=utf-8","X-GitHub-Event":"push"}"""), "https://here.example");

        Assert.Equal(
            """curl -i 'https://here.example/webhooks/github?x=1' -H 'Content-Type: application/json; charset=utf-8' -H 'X-GitHub-Event: push' --data-raw '{"a":1}'""", command);
    }

    [Theory]
    [InlineData("@/etc/passwd")]
    [InlineData("'; touch pwned; echo '")]
    [InlineData("$(touch pwned) `touch pwned` \\ \" \n two")]
    public async Task A_shell_takes_a_hostile_body_as_text(string body)
    {
        var command = EventCurl.Of(Event(Encoding.UTF8.GetBytes(body), """{"X-Evil":"'; touch pwned; '"}""", "a'b"), "http://h");

        var words = await WordsAsync(command);

        Assert.Equal(["-i", "http://h/webhooks/a%27b?x=1", "-H", "Content-Type: application/json", "-H", "X-Evil: '; touch pwned; '", "--data-raw", body], words);
    }

    [Fact]
    public void Bytes_that_are_no_text_travel_as_base64() =>
        Assert.StartsWith("echo /wA= | base64 -d | curl -i ", EventCurl.Of(Event([0xFF, 0x00], "{}"), "http://h"), StringComparison.Ordinal);

    private static EventDetail Event(ReadOnlySpan<byte> body, string headers, string source = "github") => new(
        new EventSummary
        {
            Id = "1", Source = source, Type = "push", Status = EventStatus.Routed, CorrelationKey = null, ReceivedAt = DateTimeOffset.UnixEpoch, OccurredAt = null,
            Answer = 200, Reason = null, DuplicateOf = null, ReplayOf = null, BodySize = body.Length,
        },
        null, "open", null, "?x=1", headers, body.ToArray(), [], 0);

    /// <summary>The words that a shell makes of the command.</summary>
    private static async Task<string[]> WordsAsync(string command)
    {
        var script = "curl() { for word in \"$@\"; do printf '%s\\0' \"$word\"; done; }\n" + command;
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var text = await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        return text.Split('\0')[..^1];
    }
}
