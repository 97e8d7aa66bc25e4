using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Live;

public sealed class InstanceHubTests(StudioServer server) : IClassFixture<StudioServer>
{
    private const char End = '\u001e';

    [Fact]
    public async Task Who_watches_an_instance_is_told_of_its_next_commit()
    {
        await server.SaveAsync(Some.Waiting("watched"), publish: true);
        var id = (await server.PostAsync("/workflow-definitions/watched/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"];
        using var socket = await ConnectAsync("viewer");
        await SendAsync(socket, new JsonObject { ["protocol"] = "json", ["version"] = 1 });
        await SendAsync(socket, new JsonObject { ["type"] = 1, ["invocationId"] = "1", ["target"] = "ObserveInstanceAsync", ["arguments"] = new JsonArray(id) });
        await using var messages = ReadAsync(socket).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await NextAsync(messages, m => m["type"]?.GetValue<int>() == 3);

        await server.PostAsync("/events/watched/trigger", new JsonObject());

        var stats = await NextAsync(messages, m => Target(m) == "ActivityExecutionLogUpdatedAsync");
        Assert.Contains(stats["arguments"]![0]!["stats"]!.AsArray(), s => s!["activityId"]!.GetValue<string>() == "wait" && s["completedCount"]!.GetValue<int>() == 1);
        await NextAsync(messages, m => Target(m) == "WorkflowExecutionLogUpdatedAsync");
        var updated = await NextAsync(messages, m => Target(m) == "WorkflowInstanceUpdatedAsync");
        Assert.Equal(id, updated["arguments"]![0]!["workflowInstanceId"]!.GetValue<string>());
    }

    [Fact]
    public async Task Nobody_listens_without_a_key()
    {
        using var nobody = new HttpClient { BaseAddress = server.Address };

        using var answer = await nobody.PostAsync(new Uri("/elsa/hubs/workflow-instance/negotiate?negotiateVersion=1", UriKind.Relative), null, TestContext.Current.CancellationToken);

        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    private async Task<ClientWebSocket> ConnectAsync(string key)
    {
        using var client = server.As(key);
        using var negotiated = await client.PostAsync(new Uri("/elsa/hubs/workflow-instance/negotiate?negotiateVersion=1", UriKind.Relative), null, TestContext.Current.CancellationToken);
        negotiated.EnsureSuccessStatusCode();
        var answer = await negotiated.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "ApiKey " + key);
        var address = new UriBuilder(server.Address) { Scheme = "ws", Path = "/elsa/hubs/workflow-instance", Query = "id=" + Uri.EscapeDataString(answer.GetProperty("connectionToken").GetString()!) };
        await socket.ConnectAsync(address.Uri, TestContext.Current.CancellationToken);
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, JsonObject message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message.ToJsonString() + End), WebSocketMessageType.Text, endOfMessage: true, TestContext.Current.CancellationToken);

    private static async IAsyncEnumerable<JsonNode> ReadAsync(ClientWebSocket socket)
    {
        var buffer = new byte[65536];
        var text = new StringBuilder();
        while (socket.State == WebSocketState.Open)
        {
            var read = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            text.Append(Encoding.UTF8.GetString(buffer, 0, read.Count));
            while (text.ToString().IndexOf(End, StringComparison.Ordinal) is var end and >= 0)
            {
                yield return JsonNode.Parse(text.ToString(0, end))!;
                text.Remove(0, end + 1);
            }
        }
    }

    private static async Task<JsonNode> NextAsync(IAsyncEnumerator<JsonNode> messages, Func<JsonNode, bool> wanted)
    {
        while (await messages.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken))
        {
            if (wanted(messages.Current))
                return messages.Current;
        }

        throw new InvalidOperationException("The connection was closed.");
    }

    private static string? Target(JsonNode message) => message["target"]?.GetValue<string>();
}
