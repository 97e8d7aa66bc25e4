using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>A server that has the definitions of the recording, and runs of them.</summary>
public sealed class CaptureServer : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Lazy<Task<CapturedRun>>> _runs = new(StringComparer.Ordinal);
    private ServerUnderTest? _server;

    public ServerUnderTest Server => _server!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (!Captures.AreHere)
            return;
        _server = await ServerUnderTest.StartAsync(("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1"));
        foreach (var file in Captures.Files.Where(f => f.StartsWith("captures/definitions-export/", StringComparison.Ordinal)))
            await PublishAsync(JsonNode.Parse(Captures.Text(file).Replace("127.0.0.1:5099", $"127.0.0.1:{Server.Port}", StringComparison.Ordinal))!);
        foreach (var definition in CapturedDefinitions.All)
            await PublishAsync(definition);
    }

    /// <summary>Calls the API; the path begins after <c>/elsa/api</c>.</summary>
    public async Task<(int Status, string Text)> CallAsync(string method, string path, JsonNode? body = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/elsa/api" + path);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        using var response = await (client ?? Server.Api).SendAsync(request, Ct);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>A run of the definition as the recording describes it, when it has come to rest.</summary>
    public Task<CapturedRun> RunAsync(string name) => _runs.GetOrAdd(name, n => new Lazy<Task<CapturedRun>>(() => StartAsync(n))).Value;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task PublishAsync(JsonNode definition)
    {
        var (status, text) = await CallAsync("POST", "/workflow-definitions", new JsonObject { ["model"] = definition.DeepClone(), ["publish"] = true });
        Assert.True(status == 200, $"{definition["definitionId"]}: {status} {text}");
    }

    private async Task<CapturedRun> StartAsync(string name)
    {
        if (name == "http-echo")
        {
            using var form = new FormUrlEncodedContent([new("a", "1"), new("b", "2")]);
            using var answer = await Server.Api.PostAsync("/workflows/echo/5", form, Ct);
            return await AtRestAsync(answer.Headers.GetValues("X-Workflow-Instance-ID").Single(), null);
        }

        var body = name == "inputs-outputs" ? new JsonObject { ["input"] = new JsonObject { ["Name"] = "Zoe" }, ["correlationId"] = "my-corr" } : [];
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/elsa/api/workflow-definitions/s-{name}/execute") { Content = JsonContent.Create(body) };
        using var response = await Server.Api.SendAsync(request, Ct);
        var executed = JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct));
        var id = response.Headers.GetValues("x-elsa-workflow-instance-id").Single();
        if (name == "event")
            Assert.Equal(200, (await CallAsync("POST", "/events/sample-event/trigger", new JsonObject { ["input"] = new JsonObject { ["x"] = 1 } })).Status);
        return await AtRestAsync(id, executed, name == "runtask" ? "Suspended" : name == "fault" ? "Faulted" : "Finished");
    }

    private async Task<CapturedRun> AtRestAsync(string id, JsonNode? executed, string subStatus = "Finished")
    {
        await Server.WaitForAsync($"/elsa/api/workflow-instances/{id}/execution-state", s => s.GetProperty("subStatus").GetString() == subStatus);
        return new CapturedRun(id, executed);
    }
}

/// <summary>An instance, and what executing it answered.</summary>
public sealed record CapturedRun(string Id, JsonNode? Executed);
