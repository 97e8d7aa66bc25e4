using System.Net.Http.Json;
using System.Text.Json;
using static Automation.EndToEnd.Tests.Replies.ReplyWorkflows;

namespace Automation.EndToEnd.Tests;

/// <summary>The shipped workflows with the shipped configuration, started by <c>send</c> as docs/samples.md says.</summary>
public sealed class SampleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_call_summary_updates_the_customer_and_tells_the_team()
    {
        await using var server = await ServerUnderTest.StartAsync([], directory => Write(
            directory, "customer",
            Activity("In", "Elsa.HttpEndpoint", ("path", Text("customer")), ("canStartWorkflow", true)),
            Activity("Read", "Automation.ReadDocument", ("collection", Text("customers")), ("key", Text("+4930123456"))),
            Activity("Answer", "Elsa.WriteHttpResponse", ("content", Script("JSON.stringify(getOutputFrom('Read', 'Document'))")))));

        await SendAsync(server, "flyflow", "call_ended");
        var instance = await FinishedAsync(server, "call-ended");

        Assert.Equal(["GET 200", "POST 200"], Exchanges(instance));
        Assert.Contains("move my appointment", await server.Api.GetStringAsync("/workflows/customer", Ct), StringComparison.Ordinal);
        // Chat and mail are not set up in a fresh clone, so the inbox has both.
        Assert.Equal(2, (await server.GetJsonAsync("/api/inbox/count")).GetProperty("unread").GetInt32());
        var told = await server.GetJsonAsync("/api/instances/" + instance.GetProperty("instance").GetProperty("id").GetString() + "/notifications");
        Assert.Contains("switched off", told.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_call_summary_stops_where_the_transcript_cannot_be_fetched_and_goes_on_when_it_can()
    {
        await using var server = await ServerUnderTest.StartAsync([], directory => File.Delete(Path.Combine(directory, "transcript-service.json")));

        await SendAsync(server, "flyflow", "call_ended");

        var page = await server.WaitForAsync("/api/instances?workflow=call-ended", p => p.GetProperty("items") is var items && items.GetArrayLength() == 1 && items[0].GetProperty("subStatus").GetString() == "Faulted");
        var instance = await server.GetJsonAsync("/api/instances/" + page.GetProperty("items")[0].GetProperty("id").GetString());
        Assert.Equal(["GET 404"], Exchanges(instance));
    }

    [Theory]
    [InlineData("""{"id":"e-1","event":"flow.end","session_id":"s-1","created":1711015230,"success":true,"flow_name":"Onboarding","data":{}}""", "approved", 0)]
    [InlineData("""{"id":"e-2","event":"flow.end","session_id":"s-2","created":1711015230,"success":false,"flow_name":"Onboarding","data":{}}""", "declined", 0)]
    [InlineData("""{"id":"e-3","event":"flow.end","session_id":"s-3","created":1711015230,"success":true,"flow_name":"Onboarding","data":{"warnings":["name differs","old document"]}}""", "review", 1)]
    public async Task The_identity_check_is_decided_on_written_down_and_delivered(string json, string decision, int told)
    {
        await using var server = await ServerUnderTest.StartAsync([("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1")], directory => Write(
            directory, "receiver",
            Activity("In", "Elsa.HttpEndpoint", ("path", Text("receiver")), ("supportedMethods", Script("['POST']")), ("canStartWorkflow", true)),
            Activity("Answer", "Elsa.WriteHttpResponse", ("content", Text("taken")))));
        using var made = await server.Api.PostAsJsonAsync("/api/endpoints", new { url = server.Address + "/workflows/receiver", eventTypes = new[] { "kyc.*" } }, Ct);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Ct));

        using (var sent = await server.PostAsync("flow-sessions", json))
            Assert.True(sent.IsSuccessStatusCode);
        var endpoint = JsonElement.Parse(await made.Content.ReadAsStringAsync(Ct)).GetProperty("id").GetString();
        var deliveries = await server.WaitForAsync($"/api/endpoints/{endpoint}/deliveries", p => p.ToString().Contains("Succeeded", StringComparison.Ordinal));
        Assert.Contains(decision, deliveries.ToString(), StringComparison.Ordinal);
        await FinishedAsync(server, "flow-end");
        await using var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "kyc.db")};Mode=ReadOnly");
        await database.OpenAsync(Ct);
        await using var read = database.CreateCommand();
        read.CommandText = "SELECT decision FROM decisions";
        Assert.Equal(decision, await read.ExecuteScalarAsync(Ct));
        Assert.Equal(told, (await server.GetJsonAsync("/api/inbox/count")).GetProperty("unread").GetInt32());
    }

    [Fact]
    public async Task The_tool_dispatcher_does_what_each_tool_asks_for()
    {
        await using var server = await ServerUnderTest.StartAsync();

        foreach (var tool in new[] { "tool_call", "tool_call (lookup_order)", "tool_call (book_appointment)", "tool_call (open_ticket)", "tool_call (request_callback)", "tool_call (book_appointment)" })
            await SendAsync(server, "flyflow", tool);
        using (var unknown = await server.PostAsync("flyflow", """{"event_type":"tool_call","call_id":"c-9","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"lookup_order","tool_input":{"order_id":"none"}}}"""))
            Assert.True(unknown.IsSuccessStatusCode);
        using (var other = await server.PostAsync("flyflow", """{"event_type":"tool_call","call_id":"c-10","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"sing"}}"""))
            Assert.True(other.IsSuccessStatusCode);

        await FinishedAsync(server, "tool-call", 8);
        await server.WaitForAsync("/api/events?source=inbox&type=tool.called", p => p.GetProperty("items").GetArrayLength() == 1);
        Assert.Equal("shipped", Assert.Single(await FoundAsync("tool-answers", new { }), d => d.GetProperty("key").GetString() != "c-9").GetProperty("body").GetProperty("order").GetProperty("status").GetString());
        Assert.Equal("unknown", (await server.GetJsonAsync("/api/data/tool-answers/c-9")).GetProperty("body").GetProperty("order").GetProperty("status").GetString());
        Assert.Equal("Ada Lovelace", (await server.GetJsonAsync("/api/data/appointments/2026-12-04 10:00")).GetProperty("body").GetProperty("name").GetString());
        Assert.Equal(1, Assert.Single((await server.GetJsonAsync("/api/data/statistics/tickets")).GetProperty("body").GetProperty("byDay").EnumerateObject()).Value.GetInt32());
        // The same appointment twice, and the call back, whose chat is not set up in a fresh clone.
        var inbox = (await server.GetJsonAsync("/api/inbox")).ToString();
        Assert.Contains("Booked twice: 2026-12-04 10:00", inbox, StringComparison.Ordinal);
        Assert.Contains("Please call +4930123456", inbox, StringComparison.Ordinal);
        Assert.Contains("No step for the tool sing", server.Output, StringComparison.Ordinal);

        async Task<List<JsonElement>> FoundAsync(string collection, object where)
        {
            using var answer = await server.Api.PostAsJsonAsync($"/api/data/{collection}/query", new { where }, Ct);
            return [.. JsonElement.Parse(await answer.Content.ReadAsStringAsync(Ct)).GetProperty("items").EnumerateArray()];
        }
    }

    [Fact]
    public async Task The_other_samples_run_from_a_fresh_clone_too()
    {
        await using var server = await ServerUnderTest.StartAsync();

        await SendAsync(server, "flow-sessions", "flow.end");
        await SendAsync(server, "flyflow", "tool_call");
        await SendAsync(server, "conversation-messages", "message.user_input (trouble)");
        await SendAsync(server, "conversation-messages", "message.user_input");
        await SendAsync(server, "flow-ai", "action.get-weather-report");

        await FinishedAsync(server, "flow-end");
        await FinishedAsync(server, "tool-call");
        await server.WaitForAsync("/api/events?source=inbox&type=tool.called", p => p.GetProperty("items").GetArrayLength() == 1);
        await FinishedAsync(server, "message-triage", 2);
        var inbox = await server.GetJsonAsync("/api/inbox");
        Assert.Contains("nothing works since this morning", inbox.ToString(), StringComparison.Ordinal);
        await FinishedAsync(server, "weather-bot");

        await SendAsync(server, "ai-flow", "session_start", "--as-is");
        await server.WaitForAsync("/api/instances?workflow=voice-greeter&status=Suspended", p => p.GetProperty("totalCount").GetInt64() == 1);
        using var bye = await server.PostAsync("ai-flow", """{"type":"session_end","session":{"id":"550e8400-e29b-41d4-a716-446655440000","account_id":"a","phone_number":"+1"}}""");
        Assert.True(bye.IsSuccessStatusCode);
        await FinishedAsync(server, "voice-greeter");
    }

    private static async Task SendAsync(ServerUnderTest server, params string[] arguments)
    {
        var (code, output) = await NewcomerTests.RunAsync(["send", .. arguments, "--url", server.Address]);
        Assert.True(code == 0, output);
    }

    private static async Task<JsonElement> FinishedAsync(ServerUnderTest server, string workflow, int count = 1)
    {
        var page = await server.WaitForAsync($"/api/instances?workflow={workflow}", p => p.GetProperty("items").EnumerateArray().Count(i => i.GetProperty("status").GetString() == "Finished") == count);
        Assert.All(page.GetProperty("items").EnumerateArray(), i => Assert.Equal("Finished", i.GetProperty("subStatus").GetString()));
        return await server.GetJsonAsync("/api/instances/" + page.GetProperty("items")[0].GetProperty("id").GetString());
    }

    private static IEnumerable<string> Exchanges(JsonElement instance) => instance.GetProperty("httpExchanges").EnumerateArray().Select(e => e.GetProperty("exchange")).Select(e => $"{e.GetProperty("method").GetString()} {e.GetProperty("statusCode").GetInt32()}");
}
