using System.Text;
using Automation.Intake.Mapping;
using Automation.Intake.Tests.Support;
using Automation.Storage.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Mapping;

public sealed class RuleScriptTests
{
    [Fact]
    public async Task A_filter_decides_by_the_payload()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """
            { "rules": [ {
              "id": "good", "workflow": "w", "filter": "event.payload.success && event.payload.data.score > 0.5",
              "inputs": { "double": { "javascript": "event.payload.data.score * 2" }, "who": { "javascript": "`${event.source}/${event.type}`" } } } ] }
            """);

        await server.PostAsync("flow-sessions", """{"id":"1","event":"flow.end","session_id":"a","success":true,"data":{"score":0.75}}""");
        await server.PostAsync("flow-sessions", """{"id":"2","event":"flow.end","session_id":"b","success":true,"data":{"score":0.25}}""");
        await server.PostAsync("flow-sessions", """{"id":"3","event":"flow.end","session_id":"c","success":true}""");

        await server.DrainAsync();
        var start = Assert.Single(server.Starter.Starts);
        Assert.Equal(1.5, start.Inputs["double"]);
        Assert.Equal("flow-sessions/flow.end", start.Inputs["who"]);
        var events = await server.ListAsync();
        Assert.Equal([EventStatus.Routed, EventStatus.Unmatched, EventStatus.Failed], events.Select(e => e.Status));
        Assert.StartsWith("Rule good: the filter failed: ", events[2].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preview_tells_what_the_filter_says()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "id": "f", "workflow": "w", "filter": "event.payload.n === 1" } ] }""");
        var preview = server.Services.GetRequiredService<RoutingPreview>();

        Assert.True(preview.Preview("flow-sessions", """{"event":"x","n":1}""")!.Decision.StartsAnything);
        Assert.Equal("The filter event.payload.n === 1 is not true.", preview.Preview("flow-sessions", """{"event":"x","n":2}""")!.Decision.Rules[0].Why);
    }

    [Fact]
    public void A_filter_that_does_not_compile_is_told_with_its_line()
    {
        var failure = Assert.Throws<MappingFileException>(() =>
            MappingFile.Read("m.json", Encoding.UTF8.GetBytes("{\n\"rules\": [\n{ \"id\": \"r\", \"workflow\": \"w\", \"filter\": \"event.(\" } ] }"), RuleScripts.Create(TimeProvider.System)));

        Assert.StartsWith("m.json(3): Rule \"r\": ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_filter_without_end_fails_its_event_and_no_other()
    {
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "id": "f", "type": "endless", "workflow": "w", "filter": "(() => { for (;;) {} })()" }, { "type": "quick", "workflow": "w" } ] }""");

        await server.PostAsync("flow-sessions", """{"id":"1","event":"endless"}""");
        await server.PostAsync("flow-sessions", """{"id":"2","event":"quick"}""");

        await server.DrainAsync();
        Assert.Equal([EventStatus.Failed, EventStatus.Routed], (await server.ListAsync()).Select(e => e.Status));
    }
}
