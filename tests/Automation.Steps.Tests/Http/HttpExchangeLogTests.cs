using System.Text.Json;
using Automation.Steps.Http;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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
    }

    [Fact]
    public async Task The_records_are_read_over_HTTP_in_pages()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await using var target = ScriptedServer.AnsweringInTurn((503, ""), (200, "X-A: b\r\n"));
        var call = new HttpCall { Url = target.Url + "/x", Method = "POST", Content = "hello", ContentType = "text/plain", Resilience = new() { Delay = TimeSpan.Zero } };
        var unit = new WriteUnit();
        HttpExchangeLog.AddTo(unit, new HttpExchangeOwner("i-1", "a-1", 42), (await Some.Caller().SendAsync(call, Some.Token)).Exchanges);
        await database.Database.CommitAsync(unit, cancellationToken: Some.Token);
        var builder = Microsoft.AspNetCore.Builder.WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(_ => new HttpExchangeLog(database.Database));
        await using var app = builder.Build();
        app.MapHttpExchanges();
        await app.StartAsync(Some.Token);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        var first = JsonDocument.Parse(await client.GetStringAsync("/api/instances/i-1/exchanges?take=1", Some.Token)).RootElement;
        var second = JsonDocument.Parse(await client.GetStringAsync("/api/instances/i-1/exchanges?after=" + first.GetProperty("next").GetString(), Some.Token)).RootElement;
        var ofJob = JsonDocument.Parse(await client.GetStringAsync("/api/jobs/42/exchanges", Some.Token)).RootElement;

        Assert.Equal(503, Assert.Single(first.GetProperty("items").EnumerateArray()).GetProperty("response").GetProperty("status").GetInt32());
        var last = Assert.Single(second.GetProperty("items").EnumerateArray());
        Assert.Equal("b", last.GetProperty("response").GetProperty("headers").GetProperty("X-A")[0].GetString());
        Assert.Equal("hello", last.GetProperty("request").GetProperty("body").GetString());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next").ValueKind);
        Assert.Equal(2, ofJob.GetProperty("items").GetArrayLength());
    }

    // The database keeps microseconds.
    private static HttpExchange Rounded(HttpExchange e) => e with
    {
        StartedAt = SqlValue.FromMicros(SqlValue.ToMicros(e.StartedAt)),
        Duration = TimeSpan.FromMicroseconds((long)e.Duration.TotalMicroseconds),
    };
}
