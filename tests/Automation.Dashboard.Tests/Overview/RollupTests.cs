using System.Globalization;
using Automation.Dashboard.Overview;
using Automation.Intake;
using Automation.Intake.Events;
using Automation.Intake.Sources;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Automation.Dashboard.Tests.Overview;

/// <summary>The counts behind the overview, on both databases.</summary>
public sealed class RollupTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 30, TimeSpan.Zero);

    private static readonly SqlStatement AddEvent = new(
        """
        INSERT INTO events (id, status, received_at, source, type, occurred_at, answer, headers, body_size, body)
        VALUES ($1, $2, $3, $4, 'call_ended', $5, 200, '{}', 2, CAST('{}' AS blob))
        """,
        """
        INSERT INTO events (id, status, received_at, source, type, occurred_at, answer, headers, body_size, body)
        VALUES ($1::uuid, $2::integer, $3::bigint, $4::text, 'call_ended', $5::bigint, 200, '{}', 2, '{}'::bytea)
        """);

    private static readonly SqlStatement AddStart = new(
        "INSERT INTO event_starts (event_id, rule_id, definition_id, instance_id, started_at) VALUES ($1, 'r', 'w', $2, $3)");

    private static readonly SqlStatement AddInstance = new(
        """
        INSERT INTO workflow_instances (id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, created_at, updated_at, finished_at, revision, state)
        VALUES ($1, 'w', 'v', 1, $2, false, 0, $3, $3, $4, 1, '{}')
        """);

    private static readonly SqlStatement AddState = new(
        """INSERT INTO "State" ("JobId", "Name", "CreatedAt", "Data") VALUES (1, $1, $2, $3)""",
        "INSERT INTO hangfire.state (jobid, name, createdat, data) VALUES (1, $1::text, $2::timestamptz, $3::jsonb)");

    private static readonly SqlStatement AddJob = new(
        """INSERT OR IGNORE INTO "Job" ("Id", "CreatedAt") VALUES (1, 0)""",
        "INSERT INTO hangfire.job (id, invocationdata, arguments, createdat) VALUES (1, '{}', '[]', now()) ON CONFLICT DO NOTHING");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Minutes_and_hours_count_what_is_stored_and_are_the_same_whoever_counts_and_however_often(DatabaseProvider provider)
    {
        var clock = new ManualClock(Noon);
        await using var database = await TestDatabase.CreateAsync(provider, clock);
        var ids = new EventIds(clock);
        var first = await EventAsync(database.Database, ids, clock, 1, "flyflow", lag: TimeSpan.FromSeconds(2));
        await EventAsync(database.Database, ids, clock, 5, "flyflow");
        await EventAsync(database.Database, ids, clock, 5, "made-up-" + Guid.NewGuid());
        await EventAsync(database.Database, ids, clock, 3, "flyflow");
        var started = Noon.AddMilliseconds(3);
        await WriteAsync(database.Database, new WriteUnit()
            .Add(AddStart, first, Guid.NewGuid().ToString(), SqlValue.Micros(started))
            .Add(AddInstance, Guid.NewGuid().ToString(), 3, SqlValue.Micros(started), SqlValue.Micros(started.AddMilliseconds(40)))
            .Add(AddInstance, Guid.NewGuid().ToString(), 5, SqlValue.Micros(started), SqlValue.Micros(started.AddMilliseconds(40)))
            .Add(AddJob)
            .Add(AddState, "Succeeded", SqlValue.Timestamp(Noon.UtcDateTime), """{"PerformanceDuration":"15"}""")
            .Add(AddState, "Failed", SqlValue.Timestamp(Noon.UtcDateTime), "{}")
            .Add(AddState, "Enqueued", SqlValue.Timestamp(Noon.UtcDateTime), "{}"));

        var store = new RollupStore(database.Database, clock);
        Assert.NotEqual(0, await Worker(database.Database, clock).RunOnceAsync(Token));

        clock.Advance(TimeSpan.FromMinutes(2));
        // Somebody else, who has counted nothing yet, finds nothing new.
        Assert.Equal(0, await Worker(database.Database, clock).RunOnceAsync(Token));
        foreach (var span in new[] { RollupStore.Minute, RollupStore.Hour })
        {
            var rows = await store.ReadAsync(span, Noon.AddHours(-1), Noon.AddHours(1), Token);
            var (all, flyflow) = (rows.Single(r => r.Source.Length == 0), rows.Single(r => r.Source == "flyflow"));
            Assert.Equal(Noon.ToUnixTimeSeconds() / span * span, all.At);
            Assert.Equal((1, 1, 1, 2_000_000L, 1L), (flyflow.Events, flyflow.Rejected, flyflow.Duplicates, flyflow.LagSum, flyflow.LagCount));
            Assert.Equal(1, rows.Single(r => r.Source == RollupReader.Unknown).Rejected);
            Assert.Equal((2, 1, 1, 1, 1), (all.Started, all.Finished, all.Faulted, all.JobsSucceeded, all.JobsFailed));
            Assert.InRange(all.StartLatency.Percentile(1)!.Value.TotalMilliseconds, 2, 5);
            Assert.InRange(all.RunLatency.Percentile(1)!.Value.TotalMilliseconds, 20, 50);
            Assert.InRange(all.JobLatency.Percentile(1)!.Value.TotalMilliseconds, 10, 20);
        }

        var health = (await store.SourcesAsync(Token))["flyflow"];
        Assert.Equal((1, 1, TimeSpan.FromSeconds(2)), (health.Events, health.Rejected, health.Lag));
        Assert.True(string.CompareOrdinal(health.LastEvent, first) > 0, "The repeated delivery came last.");
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_is_committed_late_is_counted_and_what_retention_removes_stays_counted(DatabaseProvider provider)
    {
        var clock = new ManualClock(Noon);
        await using var database = await TestDatabase.CreateAsync(provider, clock);
        var ids = new EventIds(clock);
        var late = ids.Next(out var at);
        var worker = Worker(database.Database, clock);
        await EventAsync(database.Database, ids, clock, 1, "flyflow");
        await worker.RunOnceAsync(Token);

        // Its id is older than what has been counted.
        clock.Advance(TimeSpan.FromSeconds(20));
        await WriteAsync(database.Database, new WriteUnit().Add(AddEvent, late, 1, SqlValue.Micros(at), "flyflow", SqlValue.Null));
        await worker.RunOnceAsync(Token);
        Assert.Equal(2, await EventsAsync());

        clock.Advance(TimeSpan.FromMinutes(10));
        await WriteAsync(database.Database, new WriteUnit().Add(new SqlStatement("DELETE FROM events")));
        await worker.RunOnceAsync(Token);
        await Worker(database.Database, clock).RunOnceAsync(Token);
        Assert.Equal(2, await EventsAsync());

        async Task<long> EventsAsync() => (await new RollupStore(database.Database, clock).ReadAsync(RollupStore.Hour, Noon.AddHours(-1), Noon.AddHours(1), Token)).Sum(r => r.Events);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task What_was_never_counted_is_counted_from_the_latest_hour_backwards_and_a_restart_goes_on_there(DatabaseProvider provider)
    {
        var clock = new ManualClock(Noon.AddDays(-7));
        await using var database = await TestDatabase.CreateAsync(provider, clock);
        var ids = new EventIds(clock);
        // Too old for the overview, then one each of some hours, with gaps between.
        await EventAsync(database.Database, ids, clock, 1, "flyflow");
        foreach (var hours in new[] { 3 * 24, 10, 1, 1, 20, 7, 5 })
        {
            clock.Advance(TimeSpan.FromHours(hours));
            await EventAsync(database.Database, ids, clock, 1, "flyflow");
        }

        clock.Advance(Noon - clock.GetUtcNow());
        await EventAsync(database.Database, ids, clock, 1, "flyflow");
        var store = new RollupStore(database.Database, clock);
        var seen = new List<long>();
        using (var stopped = new CancellationTokenSource())
        {
            // Stopped after some hours, as by a restart.
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Worker(database.Database, clock, at =>
            {
                seen.Add(at.ToUnixTimeSeconds());
                if (seen.Count == 80)
                    stopped.Cancel();
            }, TimeSpan.FromDays(5)).RunOnceAsync(stopped.Token));
        }

        // Between them it looks at the latest again and again.
        var past = seen.Where(at => at < Noon.AddHours(-2).ToUnixTimeSeconds()).ToList();
        Assert.Equal(past.OrderDescending(), past);
        Assert.Equal(1, (await store.ReadAsync(RollupStore.Hour, Noon.AddHours(-1), Noon.AddHours(1), Token)).Single(r => r.Source == "flyflow").Events);
        Assert.InRange(await EventsAsync(), 2, 7);

        var oldest = (await store.OldestAsync(Token))!.Value.ToUnixTimeSeconds();
        Assert.True(oldest < Noon.AddDays(-2).ToUnixTimeSeconds());
        seen.Clear();
        await Worker(database.Database, clock, at => seen.Add(at.ToUnixTimeSeconds()), TimeSpan.FromDays(5)).RunOnceAsync(Token);
        Assert.Equal(8, await EventsAsync());
        // It goes on behind the last hour that had something; of what is counted it looks at the latest only.
        Assert.All(seen.Where(at => at < Noon.AddHours(-2).ToUnixTimeSeconds()), at => Assert.True(at < oldest));

        async Task<long> EventsAsync() => (await store.ReadAsync(RollupStore.Hour, Noon.AddDays(-60), Noon.AddHours(1), Token)).Where(r => r.Source == "flyflow").Sum(r => r.Events);
    }

    [Fact]
    public async Task A_chart_has_a_point_for_each_step_also_where_nothing_happened()
    {
        var clock = new ManualClock(Noon);
        await using var database = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite, clock);
        await EventAsync(database.Database, new EventIds(clock), clock, 1, "flyflow");
        await Worker(database.Database, clock).RunOnceAsync(Token);
        var store = new RollupStore(database.Database, clock);

        foreach (var (period, points) in new[] { ("hour", 60), ("day", 96), ("month", 180), ("no such", 60) })
        {
            var series = await OverviewSeries.ReadAsync(store, period, clock.GetUtcNow(), Token);
            Assert.Equal(points, series.At.Count);
            Assert.Equal(1, series.Events.Sum());
            Assert.Equal(1, series.Events[^1]);
        }
    }

    private static async Task<string> EventAsync(Database database, EventIds ids, TimeProvider clock, int status, string source, TimeSpan? lag = null)
    {
        var id = ids.Next(out var at);
        await WriteAsync(database, new WriteUnit().Add(AddEvent, id, status, SqlValue.Micros(at), source, SqlValue.Micros(at - lag)));
        return id;
    }

    private static Task WriteAsync(Database database, WriteUnit unit) => database.CommitAsync(unit, cancellationToken: Token);

    private static RollupWorker Worker(Database database, TimeProvider clock, Action<DateTimeOffset>? counting = null, TimeSpan? firstLook = null)
    {
        var options = new IntakeOptions();
        options.Sources["flyflow"] = new SourceOptions { Preset = "flyflow", Open = true };
        var sources = new SourceCatalog(Options.Create(options), PresetCatalog.Load());
        return new RollupWorker(new RollupReader(database, sources), new RollupStore(database, clock), clock, NullLogger<RollupWorker>.Instance) { Counting = counting, FirstLook = firstLook ?? TimeSpan.FromDays(31) };
    }
}
