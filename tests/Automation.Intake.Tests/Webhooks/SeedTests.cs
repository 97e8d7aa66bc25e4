using System.Net;
using System.Text;
using System.Text.Json;
using Automation.Intake.Tests.Support;
using Automation.Storage.Events;

namespace Automation.Intake.Tests.Webhooks;

public sealed class SeedTests
{
    [Theory]
    [InlineData("flyflow", "event_type", 1, 200, """{"status":"success"}""", "tool_call", "abc123")]
    [InlineData("ai-flow", "session", 1, 204, "", "user_speak", "550e8400-e29b-41d4-a716-446655440000")]
    [InlineData("conversation-messages", "conversation_id", 1, 200, "", "message.user_input", "uuid-string")]
    [InlineData("flow-ai", "threadId", 3, 200, "{}", "action.onboarding", "99eb45ed85a0a00cef41f55aa03bea17")]
    public async Task Each_payload_of_the_senders_documents_is_taken_as_printed(
        string source, string property, int count, int status, string answer, string type, string correlationKey)
    {
        var payloads = Seeds.Payloads(source, property);
        Assert.Equal(count, payloads.Count);
        await using var server = await IntakeServer.StartAsync();

        foreach (var payload in payloads)
        {
            var response = await server.PostAsync(source, payload);
            Assert.Equal(status, (int)response.StatusCode);
            Assert.Equal(answer, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        await server.DrainAsync();
        var events = await server.ListAsync();
        Assert.Equal(count, events.Count);
        Assert.Equal((type, correlationKey), (events[0].Type!, events[0].CorrelationKey));
        for (var i = 0; i < count; i++)
        {
            var detail = await server.Events.FindAsync(events[i].Id, TestContext.Current.CancellationToken);
            Assert.Equal(payloads[i], Encoding.UTF8.GetString(detail!.Body));
            Assert.Equal(EventStatus.Routed, detail.Summary.Status);
            Assert.Equal(server.Starter.Starts.Single(s => s.EventId == events[i].Id).InstanceId, Assert.Single(detail.Starts).InstanceId);
        }
    }

    [Fact]
    public async Task Every_sample_of_every_preset_is_taken_by_an_open_source()
    {
        var presets = Intake.Sources.PresetCatalog.Load();
        await using var server = await IntakeServer.StartAsync(presets.All.Keys.ToDictionary(p => $"Sources:{p}:Open", _ => (string?)"true", StringComparer.Ordinal));

        foreach (var preset in presets.All.Values)
        {
            Assert.NotEmpty(preset.Samples);
            foreach (var sample in preset.Samples)
            {
                var body = sample.Form is null ? sample.Body.GetRawText() : sample.Form;
                (string, string)[] headers = sample.Form is null ? [] : [("Content-Type", FormFields.ContentType)];
                var response = await server.PostAsync(preset.Name, body, [.. headers, .. sample.Headers.Select(h => (h.Key, h.Value))]);
                var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                Assert.True(response.IsSuccessStatusCode, $"{preset.Name} {sample.Name}: {(int)response.StatusCode} {text}");
                var stored = (await server.ListAsync())[^1];
                Assert.Equal((preset.Name, sample.Type), (stored.Source, stored.Type));
            }
        }
    }

    [Fact]
    public async Task A_flow_session_event_is_answered_as_its_document_shows()
    {
        await using var server = await IntakeServer.StartAsync();

        var response = await server.PostAsync("flow-sessions", """{"id":"e1","event":"flow.end","session_id":"s1","created":1711015230,"success":true,"flow_name":"f","metadata":{},"data":{}}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("success", JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement.GetProperty("status").GetString());
        var stored = Assert.Single(await server.ListAsync());
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1711015230), stored.OccurredAt);
        Assert.Equal("s1", stored.CorrelationKey);
    }
}
