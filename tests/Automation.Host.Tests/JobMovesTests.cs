using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Automation.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Host.Tests;

/// <summary>What the job pages do to many jobs and to recurring ones, over HTTP.</summary>
public sealed class JobMovesTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_that_match_are_moved_and_others_stay()
    {
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        var jobs = server.App.Services.GetRequiredService<JobClient>();
        var later = DateTimeOffset.UtcNow.AddHours(1);
        for (var i = 0; i < 3; i++)
            await jobs.EnqueueAsync(new JobRequest("test.unwanted") { DueAt = later }, Token);
        var other = await jobs.EnqueueAsync(new JobRequest("test.wanted") { DueAt = later }, Token);

        var (status, answer) = await PostAsync(client, "/api/jobs/delete", """{"state":"Scheduled","name":"test.unwanted"}""");
        Assert.Equal((HttpStatusCode.OK, 3, 0, JsonValueKind.Null), (status, answer.GetProperty("done").GetInt32(), answer.GetProperty("left").GetInt32(), answer.GetProperty("before").ValueKind));
        var left = await client.GetFromJsonAsync<JsonElement>("/api/jobs?state=Scheduled", Token);
        Assert.Equal(other, Assert.Single(left.GetProperty("jobs").EnumerateArray()).GetProperty("id").GetInt64());
        Assert.Equal(3, (await client.GetFromJsonAsync<JsonElement>("/api/jobs?state=Deleted", Token)).GetProperty("jobs").GetArrayLength());

        // Below an id: nothing that is newer.
        (_, answer) = await PostAsync(client, "/api/jobs/delete", $$"""{"state":"Scheduled","before":{{other}}}""");
        Assert.Equal(0, answer.GetProperty("done").GetInt32());

        foreach (var body in new[] { "{}", """{"state":"Nonsense"}""", """{"state":"Succeeded"}""", """{"state":"Scheduled","nane":"x"}""" })
            Assert.Equal((body, HttpStatusCode.BadRequest), (body, (await PostAsync(client, "/api/jobs/delete", body)).Status));
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(client, "/api/jobs/requeue", """{"state":"Scheduled"}""")).Status);
    }

    [Fact]
    public async Task Recurring_jobs_are_triggered_paused_resumed_and_removed()
    {
        await using var server = await ServerHere.StartAsync();
        using var client = server.Client(ServerHere.AdminKey);
        await server.App.Services.GetRequiredService<RecurringJobManager>().AddOrUpdateAsync("nightly", new JobRequest("test.nightly"), "0 3 1 1 *", cancellationToken: Token);
        const string Body = """{"ids":["nightly","nosuch"]}""";

        foreach (var move in new[] { "trigger", "pause", "resume" })
        {
            var (_, answer) = await PostAsync(client, "/api/jobs/recurring/" + move, Body);
            Assert.Equal((move, 1, "nosuch"), (move, answer.GetProperty("done").GetInt32(), Assert.Single(answer.GetProperty("left").EnumerateArray()).GetString()));
            var job = await FindAsync(client);
            Assert.Equal((move, move == "pause"), (move, job.GetProperty("next").ValueKind == JsonValueKind.Null));
            Assert.Equal(JsonValueKind.Number, job.GetProperty("lastJobId").ValueKind);
        }

        await PostAsync(client, "/api/jobs/recurring/remove", Body);
        Assert.Equal(JsonValueKind.Undefined, (await FindAsync(client)).ValueKind);
        foreach (var body in new[] { "{}", """{"ids":[]}""", """{"ids":[""]}""" })
            Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(client, "/api/jobs/recurring/trigger", body)).Status);
    }

    private static async Task<JsonElement> FindAsync(HttpClient client)
    {
        var list = await client.GetStringAsync(new Uri("/api/jobs/recurring", UriKind.Relative), Token);
        return JsonElement.Parse(list).EnumerateArray().FirstOrDefault(j => j.GetProperty("id").GetString() == "nightly");
    }

    private static async Task<(HttpStatusCode Status, JsonElement Answer)> PostAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), content, Token);
        return (answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync(Token)));
    }
}
