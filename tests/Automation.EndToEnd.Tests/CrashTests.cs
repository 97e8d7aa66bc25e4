using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Automation.EndToEnd.Tests;

/// <summary>The process is killed under load, again and again; nothing that was acknowledged may be missing or happen twice.</summary>
public sealed class CrashTests
{
    /// <summary>How often; <c>eng/crash.sh</c> sets 20.</summary>
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("AUTOMATION_TEST_KILLS") ?? "4", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_nothing_runs_twice_when_the_server_is_killed_under_load()
    {
        await using var server = await ServerUnderTest.StartAsync(("Logging__LogLevel__Default", "Warning"));
        var acknowledged = new ConcurrentDictionary<string, byte>(StringComparer.Ordinal);
        var next = 0;
        for (var kill = 1; kill <= Kills; kill++)
        {
            // A different moment each time: from right after the start to well into the load.
            var enough = 40 * kill;
            using var load = new CancellationTokenSource();
            var acknowledgedBefore = acknowledged.Count;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var callers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
            {
                while (!load.IsCancellationRequested)
                {
                    var id = string.Create(CultureInfo.InvariantCulture, $"crash-{Interlocked.Increment(ref next)}");
                    try
                    {
                        using var answer = await server.PostAsync("flyflow", Event(id));
                        if (answer.StatusCode == HttpStatusCode.OK)
                            acknowledged[id] = 0;
                    }
                    catch (HttpRequestException)
                    {
                        // Killed before it answered: this event may be stored or not, and either is right.
                        return;
                    }

                    if (acknowledged.Count - acknowledgedBefore >= enough)
                        reached.TrySetResult();
                }
            })).ToList();
            await reached.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            await server.KillAsync();
            await load.CancelAsync();
            await Task.WhenAll(callers);
            await server.StartProcessAsync();
        }

        // Nobody helps: what was on its way goes on by itself.
        await server.WaitForAsync("/api/events?status=Received&limit=1", page => page.GetProperty("items").GetArrayLength() == 0);
        await server.WaitForAsync("/api/instances?status=Executing&take=1", page => page.GetProperty("totalCount").GetInt64() == 0);
        await server.WaitForAsync("/api/instances?status=Suspended&take=1", page => page.GetProperty("totalCount").GetInt64() == 0);

        var events = await server.AllEventsAsync("source=flyflow");
        var stored = events.Select(e => e.GetProperty("correlationKey").GetString()!).ToList();
        Assert.Empty(acknowledged.Keys.Except(stored, StringComparer.Ordinal));
        Assert.Equal(stored.Count, stored.Distinct(StringComparer.Ordinal).Count());
        Assert.All(events, e => Assert.Equal("Routed", e.GetProperty("status").GetString()));

        var faulted = await server.GetJsonAsync("/api/instances?status=Faulted&take=1");
        if (faulted.GetProperty("totalCount").GetInt64() > 0)
            Assert.Fail((await server.GetJsonAsync("/api/instances/" + faulted.GetProperty("items")[0].GetProperty("id").GetString())).ToString());
        var instances = new List<(string Correlation, string Status)>();
        while (true)
        {
            var page = await server.GetJsonAsync($"/api/instances?workflow=tool-call&take=500&skip={instances.Count}");
            foreach (var item in page.GetProperty("items").EnumerateArray())
                instances.Add((item.GetProperty("correlationId").GetString()!, item.GetProperty("subStatus").GetString()!));
            if (instances.Count >= page.GetProperty("totalCount").GetInt64())
                break;
        }

        // One instance for each stored event, and each has finished.
        Assert.Equal(stored.Order(StringComparer.Ordinal), instances.Select(i => i.Correlation).Order(StringComparer.Ordinal));
        Assert.All(instances, i => Assert.Equal("Finished", i.Status));
    }

    // Every other one makes an HTTP call as a background job; the rest finish in their first burst.
    private static string Event(string id)
    {
        var tool = id[^1] % 2 == 0 ? "example_tool" : "other";
        return
        $$$"""{"event_type":"tool_call","call_id":"{{{id}}}","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"{{{tool}}}","tool_input":{"n":1} } }""";
    }
}
