using Automation.Dashboard.Exports;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Dashboard.Tests.Exports;

public sealed class JobSearchTests
{
    private static readonly SqlStatement AddMany = new(
        """WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000) INSERT INTO "Job" ("StateId", "StateName", "InvocationData", "Arguments", "CreatedAt", "ExpireAt") SELECT 0, 'Succeeded', '{}', '[]', $1, 0 FROM n""",
        "INSERT INTO hangfire.job (statename, invocationdata, arguments, createdat) SELECT 'Succeeded', '{}', '[]', $1 FROM generate_series(1, 45000)");

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_search_that_finds_nothing_for_long_stops_and_goes_on_from_there(DatabaseProvider provider)
    {
        var token = TestContext.Current.CancellationToken;
        await using var database = await TestDatabase.CreateAsync(provider);
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(database.Database);
        services.AddAutomationJobs();
        services.AddSingleton(Options.Create(new JobOptions()));
        await using var provided = services.BuildServiceProvider();
        var (client, queries) = (provided.GetRequiredService<JobClient>(), provided.GetRequiredService<JobQueries>());
        var oldest = await client.EnqueueAsync(new JobRequest("a", "needle") { DueAt = DateTimeOffset.UtcNow.AddHours(1) }, token);
        await database.Database.CommitAsync(new WriteUnit().Add(AddMany, SqlValue.Timestamp(DateTime.UtcNow)), cancellationToken: token);
        var filter = new JobFilter { ArgumentText = "needle" };

        var (found, rounds) = (new List<long>(), 0);
        long? before = null;
        do
        {
            var search = new JobSearch(queries, new HurryingClock());
            await foreach (var job in search.ReadAsync(filter, before, token))
                found.Add(job.Id);
            Assert.True(before is null || search.StoppedBefore is null || search.StoppedBefore < before);
            before = search.StoppedBefore;
            rounds++;
        }
        while (before is not null);

        Assert.Equal([oldest], found);
        Assert.True(rounds > 1, "It never stopped.");

        var patient = new JobSearch(queries, TimeProvider.System);
        Assert.Equal([oldest], await patient.ReadAsync(filter, null, token).Select(j => j.Id).ToListAsync(token));
        Assert.Null(patient.StoppedBefore);
    }

    /// <summary>Each time it is asked, a good while has passed.</summary>
    private sealed class HurryingClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Add(ref _now, 40);
    }
}
