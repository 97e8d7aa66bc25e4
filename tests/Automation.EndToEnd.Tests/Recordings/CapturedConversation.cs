using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>Speaks with the hub as the Studio was heard to, and compares what it is told.</summary>
internal sealed class CapturedConversation(CaptureServer captured)
{
    private const char End = '\u001e';

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task HoldAsync(string file)
    {
        var recorded = Captures.Json(file).AsArray().Select(m => m!).ToList();
        var negotiation = recorded.First(m => m["t"]!.GetValue<string>() == "hub");
        using var request = new HttpRequestMessage(HttpMethod.Post, negotiation["url"]!.GetValue<string>());
        foreach (var (name, value) in negotiation["hdr"]!.AsObject())
            request.Headers.TryAddWithoutValidation(name, name == "authorization" ? "Bearer " + ServerUnderTest.AdminKey : value!.GetValue<string>());
        using var client = new HttpClient { BaseAddress = new Uri(captured.Server.Address) };
        using var negotiated = await client.SendAsync(request, Ct);
        Assert.True(negotiated.IsSuccessStatusCode, $"negotiate: {negotiated.StatusCode}");
        var token = (await negotiated.Content.ReadFromJsonAsync<JsonNode>(Ct))!["connectionToken"]!.GetValue<string>();

        // The token stands in the address, where a browser must put it.
        var upgrade = recorded.First(m => m["t"]!.GetValue<string>() == "ws-upgrade")["url"]!.GetValue<string>().Split('?')[0];
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(
            new Uri($"{captured.Server.Address.Replace("http", "ws", StringComparison.Ordinal)}{upgrade}?id={Uri.EscapeDataString(token)}&access_token={ServerUnderTest.AdminKey}"), Ct);

        var id = await WaitingAsync();
        foreach (var message in recorded.Where(m => m["t"]!.GetValue<string>() == "ws-in").Select(m => m["msg"]!.DeepClone()).Take(2))
        {
            if (message["arguments"] is JsonArray arguments)
            {
                arguments[0] = id;
                // The Studio asks for no answer; one tells when the hub has heard.
                message["invocationId"] = "1";
            }

            await socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString() + End), WebSocketMessageType.Text, endOfMessage: true, Ct);
        }

        var told = new List<JsonNode>();
        await foreach (var message in ReadAsync(socket))
        {
            told.Add(message);
            if (message["type"]?.GetValue<int>() == 3)
                Assert.Equal(200, (await captured.CallAsync("POST", "/events/overheard/trigger", new JsonObject())).Status);
            if (recorded.Where(m => m["t"]!.GetValue<string>() == "ws-out").All(m => told.Exists(t => Target(t) == Target(m["msg"]!))))
                break;
        }

        foreach (var message in recorded.Where(m => m["t"]!.GetValue<string>() == "ws-out").Select(m => m["msg"]!))
        {
            // Which activities, and how far they are, is the workflow's; each is told with these members.
            var ours = told.Find(t => Target(t) == Target(message))!;
            var (expected, actual) = (message["arguments"]![0]!.AsObject(), ours["arguments"]![0]!.AsObject());
            Assert.Empty(Names(expected).Except(Names(actual), StringComparer.Ordinal));
            if (expected["stats"] is JsonArray stats)
                Assert.All(actual["stats"]!.AsArray(), s => Assert.Empty(Names(stats[0]!.AsObject()).Except(Names(s!.AsObject()), StringComparer.Ordinal)));
        }
    }

    private async Task<string> WaitingAsync()
    {
        var definition = JsonNode.Parse(
            Captures.Text("captures/definitions-export/event.json").Replace("sample-event", "overheard", StringComparison.Ordinal).Replace("s-event", "s-overheard", StringComparison.Ordinal))!;
        Assert.Equal(200, (await captured.CallAsync("POST", "/workflow-definitions", new JsonObject { ["model"] = definition, ["publish"] = true })).Status);
        var (status, text) = await captured.CallAsync("POST", "/workflow-definitions/s-overheard/execute", new JsonObject());
        Assert.Equal(200, status);
        return JsonNode.Parse(text)!["workflowState"]!["id"]!.GetValue<string>();
    }

    private static async IAsyncEnumerable<JsonNode> ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[65536];
        var text = new StringBuilder();
        while (socket.State == WebSocketState.Open)
        {
            var read = await socket.ReceiveAsync(buffer, Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read.Count));
            while (text.ToString().IndexOf(End, StringComparison.Ordinal) is var end and >= 0)
            {
                yield return JsonNode.Parse(text.ToString(0, end))!;
                text.Remove(0, end + 1);
            }
        }
    }

    private static IEnumerable<string> Names(JsonObject value) => value.Select(m => m.Key);

    private static string? Target(JsonNode message) => message["target"]?.GetValue<string>();
}
