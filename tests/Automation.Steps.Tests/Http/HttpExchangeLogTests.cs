using System.Text.Json;
using Automation.Steps.Http;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;

namespace Automation.Steps.Tests.Http;

public sealed class HttpExchangeLogTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task The_record_of_a_call_is_found_by_instance_activity_and_job_without_its_secrets(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await using var server = ScriptedServer.AnsweringInTurn((503, "Set-Cookie: sid=verysecret\r\n"), (200, ""));
        var call = new HttpCall
        {
            Url = server.Url + "/x?api_key=verysecret&q=1", Method = "POST", Authorization = "Bearer verysecret", Content = """{"password":"hunter2","note":"storesecret"}""", ContentType = "application/json",
            IdempotencyKey = "i-1/a-1/0", Resilience = new() { Delay = TimeSpan.Zero }, Secrets = ["storesecret"],
        };
        var result = await Some.Caller().SendAsync(call, Some.Token);
        var log = new HttpExchangeLog(database.Database);
        var unit = new WriteUnit();
        HttpExchangeLog.AddTo(unit, new HttpExchangeOwner("i-1", "a-1", 42), result.Exchanges);
        HttpExchangeLog.AddTo(unit, new HttpExchangeOwner("i-2", "a-2", null), result.Exchanges);
        await database.Database.CommitAsync(unit, cancellationToken: Some.Token);

        var byInstance = await log.OfInstanceAsync("i-1", null, 100, Some.Token);
        var byActivity = await log.OfActivityExecutionAsync("a-1", null, 100, Some.Token);
        var byJob = await log.OfJobAsync(42, null, 100, Some.Token);
        var second = await log.OfInstanceAsync("i-1", byInstance[0].Exchange.Id, 1, Some.Token);

        Assert.Equal(result.Exchanges.Select(Rounded), byInstance.Select(e => e.Exchange));
        Assert.Equal(byInstance, byActivity);
        Assert.Equal(byInstance, byJob);
        Assert.Equal(byInstance[1], Assert.Single(second));
        Assert.Equal(new HttpExchangeOwner("i-1", "a-1", 42), byInstance[0].Owner);
        var kept = JsonSerializer.Serialize(byInstance);
        Assert.DoesNotContain("verysecret", kept);
        Assert.DoesNotContain("hunter2", kept);
        Assert.DoesNotContain("storesecret", kept);
        Assert.Contains("q=1", byInstance[0].Exchange.Url);
        Assert.Contains("note", byInstance[0].Exchange.RequestBody);

        var deletion = new WriteUnit();
        HttpExchangeLog.AddDeletionTo(deletion, "i-1");
        await database.Database.CommitAsync(deletion, cancellationToken: Some.Token);
        Assert.Empty(await log.OfInstanceAsync("i-1", null, 100, Some.Token));
        Assert.Equal(2, (await log.OfInstanceAsync("i-2", null, 100, Some.Token)).Count);
    }

    // The database keeps microseconds.
    private static HttpExchange Rounded(HttpExchange e) => e with
    {
        StartedAt = SqlValue.FromMicros(SqlValue.ToMicros(e.StartedAt)),
        Duration = TimeSpan.FromMicroseconds((long)e.Duration.TotalMicroseconds),
    };
}
