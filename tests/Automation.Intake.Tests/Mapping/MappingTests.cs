using System.Net;
using System.Text;
using Automation.Intake.Mapping;
using Automation.Intake.Tests.Support;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Mapping;

public sealed class MappingTests
{
    [Theory]
    [InlineData("*", "", true)]
    [InlineData("*", "anything", true)]
    [InlineData("call_ended", "call_ended", true)]
    [InlineData("call_ended", "CALL_ENDED", true)]
    [InlineData("call_ended", "call_ended2", false)]
    [InlineData("flow.*", "flow.end", true)]
    [InlineData("flow.*", "flow", false)]
    [InlineData("*.end", "technology.end", true)]
    [InlineData("*.end", "technology.ended", false)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData("a*b*c", "aXcYb", false)]
    [InlineData("**", "x", true)]
    [InlineData("", "", true)]
    [InlineData("", "x", false)]
    [InlineData("a?c", "abc", false)]
    public void Stars_stand_for_any_characters(string pattern, string text, bool matches) => Assert.Equal(matches, Pattern.Matches(pattern, text));

    [Theory]
    [InlineData("{ \"rules\": [ { \"workflow\": \"w\" } }", 1, "")]
    [InlineData("{\n \"rules\": [\n { \"workflow\": \"w\",\n \"typ\": \"x\" } ] }", 4, "typ")]
    [InlineData("{\n \"rules\": [\n { \"type\": \"x\" } ] }", 3, "workflow")]
    [InlineData("{\n \"rules\": [\n { \"id\": \"a\", \"workflow\": \"w\" },\n\n { \"id\": \"a\", \"workflow\": \"w\" } ] }", 5, "on line 3")]
    [InlineData("{\n \"rules\": [\n { \"workflow\": \"w\" },\n { \"type\": \"x\", \"workflow\": \"w\", \"inputs\": { \"a\": \"{b\" } } ] }", 4, "never closed")]
    [InlineData("{\n \"rules\": [ { \"workflow\": \" \" } ] }", 2, "must name a workflow")]
    [InlineData("", 1, "")]
    public void A_broken_file_is_told_with_file_line_and_reason(string json, int line, string reason)
    {
        var failure = Assert.Throws<MappingFileException>(() => MappingFile.Read("workflows/mappings.json", Encoding.UTF8.GetBytes(json), ExpressionCompiler.None));

        Assert.StartsWith($"workflows/mappings.json({line}): ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_knows_what_the_sender_says_in_headers_and_in_forms()
    {
        await using var server = await IntakeServer.StartAsync(new() { ["Sources:github:Open"] = "true", ["Sources:twilio:Open"] = "true" });
        var preview = server.Services.GetRequiredService<RoutingPreview>();
        Assert.Equal(HttpStatusCode.Accepted, (await server.PostAsync("github", """{"action":"opened"}""", ("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", "d"))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await server.PostAsync("twilio", "CallSid=C1&CallStatus=completed", ("Content-Type", "application/x-www-form-urlencoded"))).StatusCode);

        var stored = await server.ListAsync();
        Assert.Equal(["completed", "issues.opened"], stored.Select(e => e.Type!).Order(StringComparer.Ordinal));
        foreach (var item in stored)
        {
            var found = (await server.Events.FindAsync(item.Id, TestContext.Current.CancellationToken))!;
            var rule = new MappingRule { Id = "draft", Workflow = "w", Source = item.Source, Type = item.Type! };
            var body = System.Text.Encoding.UTF8.GetString(found.Body);
            Assert.True(preview.Try(rule, item.Source, body, found.HeaderTexts(), found.Query)?.Matches);
            // A query is taken with or without its question mark.
            Assert.Equal(item.Type, preview.Preview(item.Source, body, found.HeaderTexts(), "kind=x")!.Type);
        }
    }

    [Fact]
    public async Task A_saved_change_is_in_force_at_once_and_a_broken_one_changes_nothing()
    {
        var clock = new ManualClock();
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "id": "first", "workflow": "w" } ] }""", clock: clock);
        var mappings = server.Services.GetRequiredService<MappingStore>();
        Assert.Equal(["first"], mappings.Rules.Select(r => r.Id));

        await File.WriteAllTextAsync(server.MappingsFile, "{ \"rules\": [ { \"id\": \"broken\", } ] }", TestContext.Current.CancellationToken);
        await LookAsync(clock, () => mappings.Problem is not null);
        Assert.Equal(["first"], mappings.Rules.Select(r => r.Id));
        Assert.Contains(server.Log.Lines, l => l.StartsWith("Error", StringComparison.Ordinal) && l.Contains("mappings.json(1)", StringComparison.Ordinal) && l.Contains("stays in force", StringComparison.Ordinal));

        await File.WriteAllTextAsync(server.MappingsFile, """{ "rules": [ { "id": "second", "workflow": "another" }, /* a comment */ ] }""", TestContext.Current.CancellationToken);
        await LookAsync(clock, () => mappings.Problem is null);
        Assert.Equal(["second"], mappings.Rules.Select(r => r.Id));

        File.Delete(server.MappingsFile);
        await LookAsync(clock, () => mappings.Rules.Count == 0);
    }

    [Fact]
    public async Task A_preview_says_of_every_rule_why()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """
            { "rules": [
              { "id": "ends", "source": "flow-*", "type": "flow.end", "workflow": "a" },
              { "id": "calls", "source": "flyflow", "workflow": "b" },
              { "id": "starts", "type": "*.start", "workflow": "c" },
              { "id": "off", "workflow": "d", "enabled": false }
            ] }
            """);

        var preview = server.Services.GetRequiredService<RoutingPreview>().Preview("flow-sessions", """{"event":"flow.end","id":"e","session_id":"s"}""")!;

        Assert.Null(preview.Problem);
        Assert.Equal(("flow.end", "s", "e"), (preview.Type!, preview.CorrelationKey!, preview.DedupeKey!));
        Assert.Equal(
            ["ends True Source and type match.", "calls False The source flow-sessions is not flyflow.", "starts False The type flow.end is not *.start.", "off False The rule is switched off."],
            preview.Decision.Rules.Select(r => $"{r.RuleId} {r.Matches} {r.Why}"));
        Assert.Contains("no type", server.Services.GetRequiredService<RoutingPreview>().Preview("flow-sessions", "{}")!.Problem, StringComparison.Ordinal);
        Assert.Null(server.Services.GetRequiredService<RoutingPreview>().Preview("nothing", "{}"));
    }

    /// <summary>Moves the clock second by second until the store has looked at the file.</summary>
    private static async Task LookAsync(ManualClock clock, Func<bool> seen)
    {
        for (var i = 0; i < 1000 && !seen(); i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.True(seen());
    }
}
