using System.Net;
using Automation.Intake.Events;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Events;
using Npgsql;

namespace Automation.Intake.Tests.Webhooks;

/// <summary>What the intake refuses when there is too much, or when it cannot store.</summary>
public sealed class LimitTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_senders_together_have_a_limit_and_are_told_of_the_tighter_one()
    {
        await using var server = await IntakeServer.StartAsync(new()
        {
            ["RateLimit"] = "3",
            ["RateWindow"] = "01:00:00",
            ["Sources:flyflow:RateLimit"] = "100",
            ["Sources:flyflow:RateWindow"] = "01:00:00",
        });

        using var first = await server.PostAsync("flyflow", Call(1));
        Assert.Equal(("3", "2"), (Header(first, "RateLimit-Limit"), Header(first, "RateLimit-Remaining")));
        using var second = await server.PostAsync("flow-sessions", """{"id":"1","event":"flow.end","session_id":"s"}""");
        using var third = await server.PostAsync("flyflow", Call(3));
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);

        using var refused = await server.PostAsync("flyflow", Call(4));
        Assert.Equal(("3", "0"), (Header(refused, "RateLimit-Limit"), Header(refused, "RateLimit-Remaining")));
        Assert.True(refused.Headers.RetryAfter!.Delta > TimeSpan.FromMinutes(15));
        var problem = await ProblemDetails.ReadAsync(refused, HttpStatusCode.TooManyRequests);
        Assert.StartsWith("The server takes 3 requests", problem.GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("MaxConcurrentRequests", "The server is busy: 1 request is being answered.")]
    [InlineData("Sources:flyflow:MaxConcurrentRequests", "This source is busy: 1 request is being answered.")]
    public async Task Beyond_so_many_at_a_time_senders_are_told_to_come_again(string setting, string reason)
    {
        await using var server = await IntakeServer.StartAsync(new() { [setting] = "1" });
        // A request whose body does not end takes the only place; it is told to go on once it has it.
        using (var slow = await server.ConnectAsync())
        {
            await slow.SendAsync($"POST /webhooks/flyflow HTTP/1.1\r\nHost: {server.Address.Authority}\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 500\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 100", await slow.ReceiveAsync());
            using var answer = await server.PostAsync("flyflow", Call(1));
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
            var problem = await ProblemDetails.ReadAsync(answer, HttpStatusCode.ServiceUnavailable);
            Assert.StartsWith(reason, problem.GetProperty("detail").GetString());
            // Whoever looks for the event finds why it was not taken. The row comes after the answer.
            IReadOnlyList<EventSummary> rows;
            while ((rows = [.. (await server.ListAsync(EventStatus.Rejected)).Where(e => e.Answer == 503)]).Count == 0)
                await Task.Delay(20, Token);
            Assert.StartsWith(reason, Assert.Single(rows).Reason);
        }

        // The sender has hung up: its place is free again.
        HttpStatusCode status;
        do
        {
            using var answer = await server.PostAsync("flyflow", Call(9999));
            status = answer.StatusCode;
        }
        while (status == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task While_PostgreSQL_is_away_nothing_is_acknowledged_and_afterwards_all_goes_on()
    {
        await using var server = await IntakeServer.StartAsync(provider: DatabaseProvider.PostgreSql);
        var acknowledged = await SendAsync(server, 0, 20);
        var database = new NpgsqlConnectionStringBuilder(server.TestDatabase.Location.ConnectionString).Database!;

        await AdminAsync(server, $"ALTER DATABASE {database} ALLOW_CONNECTIONS false");
        await AdminAsync(server, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
        for (var i = 100; i < 110; i++)
        {
            using var answer = await server.PostAsync("flyflow", Call(i));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
        }

        await AdminAsync(server, $"ALTER DATABASE {database} ALLOW_CONNECTIONS true");
        acknowledged += await SendAsync(server, 200, 20);
        Assert.Equal(40, acknowledged);
        await server.DrainAsync();
        Assert.Equal(40, (await server.ListAsync(EventStatus.Routed)).Count);
        Assert.Equal(40, server.Starter.Starts.Count);
    }

    private static async Task<int> SendAsync(IntakeServer server, int from, int count)
    {
        var taken = 0;
        for (var i = from; i < from + count; i++)
        {
            using var answer = await server.PostAsync("flyflow", Call(i));
            taken += answer.StatusCode == HttpStatusCode.OK ? 1 : 0;
        }

        return taken;
    }

    private static async Task AdminAsync(IntakeServer server, string sql)
    {
        var address = new NpgsqlConnectionStringBuilder(server.TestDatabase.Location.ConnectionString) { Database = "postgres" };
        await using var connection = new NpgsqlConnection(address.ToString());
        await connection.OpenAsync(Token);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    private static string Call(int n) => $$"""{"event_type":"call_ended","call_id":"c{{n}}","timestamp":"2026-01-01T00:00:00Z"}""";

    private static string Header(HttpResponseMessage answer, string name) => answer.Headers.GetValues(name).Single();
}
