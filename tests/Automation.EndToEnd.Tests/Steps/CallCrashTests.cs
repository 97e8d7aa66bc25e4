using System.Data.Common;
using System.Globalization;
using System.Net;
using Automation.Testing;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Automation.EndToEnd.Tests.Steps;

/// <summary>The real server is killed, twice, while HTTP calls are on their way: each is finished, under the same key, and takes effect once.</summary>
public sealed class CallCrashTests
{
    /// <summary>How many calls at the same time; <c>eng/calls.sh</c> sets 1,000.</summary>
    private static readonly int Calls = int.Parse(Environment.GetEnvironmentVariable("AUTOMATION_TEST_CALLS") ?? "60", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_on_their_way_when_the_server_is_killed_take_effect_once(bool onPostgres)
    {
        var (connection, drop) = onPostgres ? await PostgresServer.CreateDatabaseAsync() : ("", () => ValueTask.CompletedTask);
        await using var counterpart = await KeyedCounterpart.StartAsync();
        await using (var server = await ServerUnderTest.StartAsync(
            [
                ("Logging__LogLevel__Default", "Warning"), ("ConnectionStrings__Automation", connection),
                ("Automation__Jobs__WorkerCount", Calls.ToString(CultureInfo.InvariantCulture)),
                // A server that is dead is noticed after four beats.
                ("Automation__Jobs__HeartbeatInterval", Calls > 100 ? "00:00:02" : "00:00:00.500"),
                ("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1"), ("Automation__Steps__Outgoing__MaxConnectionsPerServer", "2000"),
            ],
            WriteWorkflow))
        {
            await KillAmongCallsAsync(server, counterpart, () => onPostgres ? new NpgsqlConnection(connection) : new SqliteConnection($"Data Source={Path.Combine(server.DataDirectory, "automation.db")};Mode=ReadOnly"));
        }

        await drop();
    }

    private static async Task KillAmongCallsAsync(ServerUnderTest server, KeyedCounterpart counterpart, Func<DbConnection> connect)
    {
        var patience = TimeSpan.FromMinutes(Calls > 100 ? 10 : 1);
        await server.WaitForAsync("/api/mappings", m => m.GetProperty("rules").GetArrayLength() == 1);

        // First nobody is answered, then half of them, then everybody.
        var allUnderWay = counterpart.BeginRound(Calls, answered: 0);
        await Task.WhenAll(Enumerable.Range(0, Calls).Select(n => PostAsync(server, n, counterpart.Url)));
        await allUnderWay.WaitAsync(patience, TestContext.Current.CancellationToken);
        await server.KillAsync();
        var halfAnswered = counterpart.BeginRound(Calls, answered: Calls / 2);
        await server.StartProcessAsync();
        await halfAnswered.WaitAsync(patience, TestContext.Current.CancellationToken);
        await server.KillAsync();
        _ = counterpart.BeginRound(int.MaxValue, answered: int.MaxValue);
        await server.StartProcessAsync();
        await UntilFinishedAsync(server, patience);

        Assert.Equal(Calls, counterpart.Keys.Count);
        Assert.All(counterpart.Keys, asked => Assert.Single(asked.Value));
        Assert.Equal(Calls, counterpart.Effects.Count);
        Assert.Equal(Calls, counterpart.Effects.Distinct(StringComparer.Ordinal).Count());
        await using var connection = connect();
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Calls, await ScalarAsync(connection, "SELECT count(*) FROM workflow_instances WHERE finished_at IS NOT NULL AND incident_count = 0"));
        Assert.Equal(Calls, await ScalarAsync(connection, "SELECT count(*) FROM http_exchanges WHERE status_code = 200"));
        Assert.Equal(Calls, await ScalarAsync(connection, "SELECT count(DISTINCT idempotency_key) FROM http_exchanges WHERE status_code = 200"));
    }

    private static void WriteWorkflow(string directory)
    {
        File.WriteAllText(
            Path.Combine(directory, "work.json"),
            """
            { "definitionId": "work", "name": "Work", "isLatest": true, "isPublished": true, "version": 1,
              "inputs": [ { "name": "Event", "type": "Object" } ],
              "root": { "id": "Sequence1", "nodeId": "Workflow1:Sequence1", "type": "Elsa.Sequence", "version": 1, "variables": [], "activities": [
                { "id": "Call", "nodeId": "Workflow1:Sequence1:Call", "type": "Automation.HttpCall", "version": 1,
                  "url": { "typeName": "String", "expression": { "type": "JavaScript", "value": "getInput('Event').data.url" } },
                  "method": { "typeName": "String", "expression": { "type": "Literal", "value": "POST" } },
                  "timeout": { "typeName": "TimeSpan", "expression": { "type": "Literal", "value": "00:30:00" } },
                  "body": { "typeName": "Object", "expression": { "type": "JavaScript", "value": "getInput('Event').data.n" } } } ] } }
            """);
        File.WriteAllText(Path.Combine(directory, "mappings.json"), """{ "rules": [ { "id": "work", "source": "flyflow", "workflow": "work", "inputs": { "Event": "{$payload}" } } ] }""");
    }

    private static async Task PostAsync(ServerUnderTest server, int n, string url)
    {
        using var answer = await server.PostAsync(
            "flyflow", string.Create(CultureInfo.InvariantCulture, $$$"""{"event_type":"call_ended","call_id":"work-{{{n}}}","timestamp":"2026-01-01T00:00:00Z","data":{"n":{{{n}}},"url":"{{{url}}}"}}"""));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task UntilFinishedAsync(ServerUnderTest server, TimeSpan patience)
    {
        for (var started = TimeProvider.System.GetTimestamp(); ;)
        {
            var finished = (await server.GetJsonAsync("/api/instances?status=Finished&take=1")).GetProperty("totalCount").GetInt64();
            if (finished == Calls)
                return;
            Assert.True(TimeProvider.System.GetElapsedTime(started) < patience, $"{finished} of {Calls} instances have finished.\n{server.Output}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<long> ScalarAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
    }
}
