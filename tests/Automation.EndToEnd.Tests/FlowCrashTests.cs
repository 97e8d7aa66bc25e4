using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Automation.Testing;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Automation.EndToEnd.Tests;

/// <summary>Flow control in the real server, which is killed in the middle: limits hold, nothing is lost, order is kept.</summary>
public sealed class FlowCrashTests
{
    private const int Limit = 2;

    /// <summary>How many events; <c>eng/flow.sh</c> sets 10,000.</summary>
    private static readonly int Events = int.Parse(Environment.GetEnvironmentVariable("AUTOMATION_TEST_FLOW_EVENTS") ?? "200", CultureInfo.InvariantCulture);

    private static readonly int Keys = Math.Max(10, Events / 100);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Limits_and_order_of_each_key_hold_when_the_server_is_killed(bool onPostgres)
    {
        var (connection, drop) = onPostgres ? await PostgresServer.CreateDatabaseAsync() : ("", () => ValueTask.CompletedTask);
        await using (var server = await ServerUnderTest.StartAsync(("Logging__LogLevel__Default", "Warning"), ("ConnectionStrings__Automation", connection)))
            await KillInTheMiddleAsync(server, () => onPostgres ? new NpgsqlConnection(connection) : new SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "automation.db")};Mode=ReadOnly"));
        await drop();
    }

    private static async Task KillInTheMiddleAsync(ServerUnderTest server, Func<DbConnection> connect)
    {
        await File.WriteAllTextAsync(
            Path.Combine(server.WorkflowsDirectory, "mappings.json"),
            $$$"""{ "rules": [ { "id": "flow", "source": "flyflow", "workflow": "tool-call", "inputs": { "Event": "{$payload}" }, "flow": { "key": "{data.key}", "concurrency": { "limit": {{{Limit}}} } } } ] }""",
            TestContext.Current.CancellationToken);
        await server.WaitForAsync("/api/mappings", m => m.GetProperty("rules").GetArrayLength() == 1);

        var acknowledged = new ConcurrentDictionary<string, (long Sent, long Acknowledged)>(StringComparer.Ordinal);
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var senders = SendAsync(server, 0, Events / 2, acknowledged, half, Events / 4);
        await half.Task.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
        await server.KillAsync();
        await senders;
        await server.StartProcessAsync();
        await SendAsync(server, Events / 2, Events, acknowledged, half, int.MaxValue);

        // Nobody helps: what waited goes on by itself.
        await NothingLeftAsync(server, "Received");
        await NothingLeftAsync(server, "Waiting");

        await using var connection = connect();
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await AllFinishedAsync(connection);
        await using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT f.flow_key, f.event_id, e.correlation_key, s.started_at, i.finished_at FROM flow_items f JOIN events e ON e.id = f.event_id "
            + "JOIN event_starts s ON s.event_id = f.event_id JOIN workflow_instances i ON i.id = f.instance_id ORDER BY f.flow_key, f.event_id";
        var runs = new List<(string Key, string Event, string Call, long Started, long Finished)>();
        await using (var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken))
        {
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                runs.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4)));
        }

        Assert.Empty(acknowledged.Keys.Except(runs.Select(r => r.Call), StringComparer.Ordinal));
        Assert.Equal(runs.Count, runs.Select(r => r.Call).Distinct(StringComparer.Ordinal).Count());
        foreach (var key in runs.GroupBy(r => r.Key, StringComparer.Ordinal))
        {
            var inOrder = key.OrderBy(r => r.Event, StringComparer.Ordinal).ToList();
            // Of two that were on their way at the same time either may be the first.
            var byStart = inOrder.Where(r => acknowledged.ContainsKey(r.Call)).OrderBy(r => r.Started).Select(r => acknowledged[r.Call]).ToList();
            for (var i = 1; i < byStart.Count; i++)
                Assert.All(byStart.Take(i), earlier => Assert.True(earlier.Sent < byStart[i].Acknowledged, "an event overtook one that was acknowledged before it was sent"));
            Assert.All(inOrder, r => Assert.InRange(inOrder.Count(o => o.Started <= r.Started && o.Finished > r.Started), 1, Limit));
        }
    }

    /// <summary>What has started last may not have begun to run.</summary>
    private static async Task AllFinishedAsync(DbConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM workflow_instances WHERE finished_at IS NULL";
        for (var (before, same) = (-1L, 0); ;)
        {
            var left = Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
            if (left == 0)
                return;
            same = left == before ? same + 1 : 0;
            Assert.True(same < 300, $"{left} instances do not finish");
            before = left;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static Task SendAsync(ServerUnderTest server, int from, int to, ConcurrentDictionary<string, (long Sent, long Acknowledged)> acknowledged, TaskCompletionSource reached, int enough)
    {
        var next = from - 1;
        return Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int n; (n = Interlocked.Increment(ref next)) < to;)
            {
                var call = string.Create(CultureInfo.InvariantCulture, $"flow-{n}");
                var sent = Stopwatch.GetTimestamp();
                try
                {
                    using var answer = await server.PostAsync("flyflow", string.Create(
                        CultureInfo.InvariantCulture,
                        $$$"""{"event_type":"tool_call","call_id":"{{{call}}}","timestamp":"2026-01-01T00:00:00Z","data":{"key":"k{{{n % Keys}}}","tool_name":"example_tool","tool_input":{"n":{{{n}}} } } }"""));
                    if (answer.StatusCode == HttpStatusCode.OK)
                        acknowledged[call] = (sent, Stopwatch.GetTimestamp());
                }
                catch (HttpRequestException)
                {
                    return; // Killed before it answered.
                }

                if (acknowledged.Count >= enough)
                    reached.TrySetResult();
            }
        })));
    }

    /// <summary>Waits as long as it goes on: the long form takes minutes.</summary>
    private static async Task NothingLeftAsync(ServerUnderTest server, string status)
    {
        for (var (before, same) = (-1, 0); ;)
        {
            var left = (await server.AllEventsAsync("source=flyflow&status=" + status)).Count;
            if (left == 0)
                return;
            same = left == before ? same + 1 : 0;
            Assert.True(same < 60, $"{left} events stay {status}");
            before = left;
            await Task.Delay(500, TestContext.Current.CancellationToken);
        }
    }
}
