using Automation.Jobs;
using Automation.Storage;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Dashboard.Tests.Jobs;

/// <summary>What the pages ask of and do to stored jobs, on both databases.</summary>
public sealed class WaitingJobsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Scheduled_jobs_come_by_the_time_they_are_due_also_those_of_a_queue(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await using var services = Jobs(database.Database);
        var (client, queries) = (services.GetRequiredService<JobClient>(), services.GetRequiredService<JobQueries>());
        var now = DateTimeOffset.UtcNow;
        var third = await client.EnqueueAsync(new JobRequest("a") { DueAt = now.AddHours(3) }, Token);
        var first = await client.EnqueueAsync(new JobRequest("a") { DueAt = now.AddHours(1), Queue = "mail" }, Token);
        var second = await client.EnqueueAsync(new JobRequest("a") { DueAt = now.AddHours(2) }, Token);

        Assert.Equal([first, second, third], (await queries.ListScheduledAsync(cancellationToken: Token)).Jobs.Select(j => j.Id));
        Assert.Empty((await queries.ListRetriesAsync(cancellationToken: Token)).Jobs);

        // A page goes on from where the one before ended, whatever has run in between.
        var one = await queries.ListScheduledAsync(most: 1, cancellationToken: Token);
        Assert.True(await client.DeleteAsync(first, cancellationToken: Token));
        var two = await queries.ListScheduledAsync(one.Next, 1, Token);
        var rest = await queries.ListScheduledAsync(two.Next, 1, Token);
        Assert.Equal([first, second, third], one.Jobs.Concat(two.Jobs).Concat(rest.Jobs).Select(j => j.Id));
        Assert.Null(rest.Next);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Jobs_that_are_due_at_the_same_time_are_each_on_one_page(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await using var services = Jobs(database.Database);
        var (client, queries) = (services.GetRequiredService<JobClient>(), services.GetRequiredService<JobQueries>());
        var due = DateTimeOffset.UtcNow.AddHours(1);
        var ids = new List<long>();
        for (var i = 0; i < 7; i++)
            ids.Add(await client.EnqueueAsync(new JobRequest("a") { DueAt = due }, Token));

        var found = new List<long>();
        string? after = null;
        do
        {
            var page = await queries.ListScheduledAsync(after, 2, Token);
            found.AddRange(page.Jobs.Select(j => j.Id));
            after = page.Next;
        }
        while (after is not null && found.Count <= ids.Count);

        Assert.Equal(ids, found);
        Assert.Equal(ids, (await queries.ListScheduledAsync("no place", cancellationToken: Token)).Jobs.Select(j => j.Id));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_job_is_moved_only_from_the_state_in_which_it_was_seen(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await using var services = Jobs(database.Database);
        var (client, queries) = (services.GetRequiredService<JobClient>(), services.GetRequiredService<JobQueries>());
        var id = await client.EnqueueAsync(new JobRequest("a") { DueAt = DateTimeOffset.UtcNow.AddHours(1) }, Token);

        Assert.False(await client.DeleteFromAsync(id, JobStates.Failed, cancellationToken: Token));
        Assert.False(await client.RequeueFromAsync(id, JobStates.Deleted, cancellationToken: Token));
        Assert.Equal(JobStates.Scheduled, (await queries.FindAsync(id, Token))!.Job.State);
        Assert.True(await client.RequeueFromAsync(id, JobStates.Scheduled, "Now", Token));
        Assert.Equal((JobStates.Enqueued, "Now"), await StateAsync());
        Assert.True(await client.DeleteFromAsync(id, JobStates.Enqueued, "Not wanted", Token));
        Assert.Equal((JobStates.Deleted, "Not wanted"), await StateAsync());
        Assert.Empty((await queries.ListScheduledAsync(cancellationToken: Token)).Jobs);

        async Task<(string?, string?)> StateAsync() => (await queries.FindAsync(id, Token))!.Job is var job ? (job.State, job.Reason) : default;
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Every_question_of_the_overview_is_answered(DatabaseProvider provider)
    {
        await using var database = await TestDatabase.CreateAsync(provider);
        await using var services = Jobs(database.Database);
        var (client, queries) = (services.GetRequiredService<JobClient>(), services.GetRequiredService<JobQueries>());
        await client.EnqueueAsync(new JobRequest("a") { Queue = "mail" }, Token);
        await client.DeleteAsync(await client.EnqueueAsync(new JobRequest("a") { DueAt = DateTimeOffset.UtcNow.AddHours(1) }, Token), cancellationToken: Token);

        var counts = await queries.CountAsync(Token);
        var (day, week) = (await queries.LastDayAsync(Token), await queries.LastWeekAsync(Token));

        Assert.Equal((1, 1, 1, 1), (counts.ByState[JobStates.Enqueued], counts.ByState[JobStates.Deleted], counts.Deleted, counts.Queues));
        Assert.Equal((24, 7, 1, 1), (day.Count, week.Count, day.Sum(d => d.Deleted), week.Sum(d => d.Deleted)));
        Assert.Equal(("mail", 1), ((await queries.QueuesAsync(Token)).Single() is var queue ? (queue.Name, queue.Length) : default));
        Assert.Empty(await queries.FailuresAsync(Token));
        Assert.Empty(await queries.ServersAsync(Token));
        Assert.Empty(await queries.RecurringAsync(cancellationToken: Token));
    }

    private static ServiceProvider Jobs(Database database)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(database);
        services.AddAutomationJobs();
        services.AddSingleton(Options.Create(new JobOptions()));
        return services.BuildServiceProvider();
    }
}
