using Automation.Testing;

namespace Automation.EndToEnd.Tests;

/// <summary>The same server on PostgreSQL.</summary>
public sealed class PostgresTests
{
    [Fact]
    public async Task A_webhook_runs_its_workflow_and_its_job_and_survives_a_kill()
    {
        var (connectionString, drop) = await PostgresServer.CreateDatabaseAsync();
        await using (var server = await ServerUnderTest.StartAsync(("ConnectionStrings__Automation", connectionString)))
        {
            using (var answer = await server.PostAsync("flyflow", """{"event_type":"tool_call","call_id":"pg","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"example_tool","tool_input":{"n":1}}}"""))
                answer.EnsureSuccessStatusCode();
            await server.KillAsync();
            await server.StartProcessAsync();

            var page = await server.WaitForAsync("/api/instances?workflow=tool-call&status=Finished", p => p.GetProperty("totalCount").GetInt64() == 1);
            var id = page.GetProperty("items")[0].GetProperty("id").GetString();
            var instance = await server.GetJsonAsync("/api/instances/" + id);
            Assert.Equal("pg", instance.GetProperty("events")[0].GetProperty("correlationKey").GetString());
            await server.WaitForAsync("/api/jobs?state=Succeeded", p => p.GetProperty("jobs").GetArrayLength() > 0);
            await server.WaitForAsync("/api/events?source=inbox", p => p.GetProperty("items").GetArrayLength() == 1);
        }

        await drop();
    }
}
