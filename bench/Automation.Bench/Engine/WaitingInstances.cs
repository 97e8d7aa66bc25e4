using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Retention;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Bench.Engine;

/// <summary>
/// What instances that wait cost, how fast one among very many goes on, and whether deleting old ones holds anybody up.
/// In this process, on a database that is synced at every commit.
/// </summary>
internal sealed class WaitingInstances(Figures figures, double scale)
{
    private const int Callers = 64;

    private static readonly SqlStatement CopyInstances = new(
        "INSERT INTO workflow_instances (id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, correlation_id, name, parent_id, notify, created_at, updated_at, finished_at, revision, state) "
        + "SELECT id || $1, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, correlation_id || $1, name, parent_id, notify, created_at, updated_at, finished_at, revision, "
        + "replace(replace(state, id, id || $1), '\"corr\":\"' || correlation_id, '\"corr\":\"' || correlation_id || $1) FROM workflow_instances WHERE correlation_id LIKE 'order-%' AND correlation_id NOT LIKE '%x%'");

    private static readonly SqlStatement CopyBookmarks = new(
        "INSERT INTO workflow_bookmarks (id, instance_id, name, hash, activity_ordinal, correlation_id, payload, options, job_id, created_at) "
        + "SELECT replace(id, instance_id, instance_id || $1), instance_id || $1, name, hash, activity_ordinal, correlation_id || $1, payload, options, job_id, created_at FROM workflow_bookmarks WHERE correlation_id NOT LIKE '%x%'");

    private static readonly SqlStatement CountBookmarks = new("SELECT count(*) FROM workflow_bookmarks");

    public async Task RunAsync(string? postgres)
    {
        Console.Error.WriteLine("… waiting");
        await using (var host = await OpenAsync(DatabaseLocation.Sqlite(Path.Combine(Directory.CreateTempSubdirectory("automation-bench-").FullName, "automation.db"))))
        {
            await WaitAsync(host, "");
            await SweepAsync(host);
        }

        if (postgres is null)
            return;
        await using var server = await OpenAsync(DatabaseLocation.From(postgres, ""));
        await WaitAsync(server, " on PostgreSQL");
    }

    private async Task WaitAsync(BenchHost host, string where)
    {
        var count = (int)Math.Max(1_000, 100_000 * scale);
        var runtime = host.Get<WorkflowRuntime>();
        await host.Get<WorkflowDefinitionManager>().SaveAsync(new WorkflowDefinition(Waiting()), publish: true);
        // What is kept in memory of recent instances is full before memory is measured.
        var warm = 3_000;
        await StartAsync(runtime, 0, warm);
        var bytes = await BytesAsync(host.Database);
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.GetTimestamp();
        await StartAsync(runtime, warm, count);
        var elapsed = Stopwatch.GetElapsedTime(began);
        figures.Add($"instances started that wait{where}", count / elapsed.TotalSeconds, "1/s");
        figures.Add($"bytes on disk for each that waits{where}", (await BytesAsync(host.Database) - bytes) / (double)count, "B");
        figures.Add($"managed memory for each that waits{where}", Math.Max(0, GC.GetTotalMemory(forceFullCollection: true) - memory) / (double)count, "B");

        // Copies of what is there: the look-ups read the same rows and indexes as if each had been started.
        var copies = 9;
        for (var copy = 1; copy <= copies; copy++)
        {
            var suffix = string.Create(CultureInfo.InvariantCulture, $"x{copy}");
            await host.Database.CommitAsync(new WriteUnit().Add(CopyInstances, suffix).Add(CopyBookmarks, suffix));
        }

        if (host.Database.Provider == DatabaseProvider.PostgreSql)
            await host.Database.CommitAsync(new WriteUnit().Add(new SqlStatement("ANALYZE")));
        var waiting = (await host.Database.QueryAsync(CountBookmarks, default)).Rows[0][0].AsInteger;
        figures.Add($"bookmarks that wait for the same event{where}", waiting, "");
        var random = new Random(1);
        var byCorrelation = new List<double>();
        var byBookmark = new List<double>();
        for (var i = -50; i < 500; i++)
        {
            // The first ones read the pages that every later one finds in memory.
            var correlation = string.Create(CultureInfo.InvariantCulture, $"order-{warm + random.Next(count)}x{1 + Math.Abs(i) % copies}");
            var start = Stopwatch.GetTimestamp();
            var result = await runtime.PublishEventAsync("paid", "yes", correlation);
            var took = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            // The same one may be drawn twice.
            if (result.Resumed.Count == 1 && i >= 0)
                byCorrelation.Add(took);
        }

        var ids = await host.Database.QueryAsync(new SqlStatement("SELECT id FROM workflow_bookmarks WHERE id > $1 ORDER BY id LIMIT 500"), default, "018");
        foreach (var id in ids.Rows.Select(r => r[0].AsText!))
        {
            var start = Stopwatch.GetTimestamp();
            var result = await runtime.ResumeAsync(id, "yes");
            byBookmark.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Require(result.Instance?.SubStatus == WorkflowSubStatus.Finished, $"{id} was not resumed");
        }

        Require(byCorrelation.Count > 400, "events found too few of the instances");
        Add($"resuming one of them by event and correlation{where}", byCorrelation);
        Add($"resuming one of them by its bookmark{where}", byBookmark);

        // A page of those that wait for the same event, correlated or not, as a broadcast reads them.
        var hash = InstanceSql.Key(StimulusHash.Event("paid"));
        var page = new List<double>();
        var after = "";
        for (var i = 0; i < 20; i++)
        {
            var start = Stopwatch.GetTimestamp();
            var rows = await host.Database.QueryAsync(InstanceSql.BookmarksAfter, default, hash, after);
            page.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            after = rows.Rows[^1][0].AsText!;
        }

        Add($"reading the next 1,000 of them{where}", page);
    }

    /// <summary>Deletes ended instances while somebody else writes, and measures how long that one waits.</summary>
    private async Task SweepAsync(BenchHost host)
    {
        var count = (int)Math.Max(1_000, 20_000 * scale);
        var runtime = host.Get<WorkflowRuntime>();
        await host.Get<WorkflowDefinitionManager>().SaveAsync(new WorkflowDefinition(EngineSpeed.ThreeActivities(scripts: true)), publish: true);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = Callers },
            async (_, ct) => Require((await runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "three" }, ct)).Instance?.SubStatus == WorkflowSubStatus.Finished, "an instance did not finish"));
        var alone = await WritesAsync(host.Database, until: Task.Delay(TimeSpan.FromSeconds(5)));
        var sweep = host.Get<RetentionSweep>();
        var began = Stopwatch.GetTimestamp();
        var sweeping = sweep.RunAsync(CancellationToken.None);
        var beside = await WritesAsync(host.Database, sweeping);
        var elapsed = Stopwatch.GetElapsedTime(began);
        var deleted = await sweeping;
        Require(deleted >= count, $"only {deleted} were deleted");
        figures.Add("ended instances deleted", deleted / elapsed.TotalSeconds, "1/s");
        figures.Add("longest commit that deletes", sweep.LongestCommit.TotalMilliseconds, "ms");
        Add("a write beside it", beside);
        Add("the same write alone", alone);
    }

    private static async Task<List<double>> WritesAsync(Database database, Task until)
    {
        var write = new SqlStatement("INSERT INTO workflow_route_shapes (shape) VALUES ($1) ON CONFLICT DO NOTHING");
        var took = new List<double>();
        for (var i = 0; !until.IsCompleted; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await database.CommitAsync(new WriteUnit().Add(write, string.Create(CultureInfo.InvariantCulture, $"bench-{i}")));
            took.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return took;
    }

    private static Task StartAsync(WorkflowRuntime runtime, int first, int count) => Parallel.ForEachAsync(
        Enumerable.Range(first, count), new ParallelOptions { MaxDegreeOfParallelism = Callers },
        async (number, ct) =>
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"order-{number}");
            var input = new Dictionary<string, object?>(StringComparer.Ordinal) { ["Customer"] = id };
            var started = await runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "waiting", CorrelationId = id, Input = input }, ct);
            Require(started.Instance?.SubStatus == WorkflowSubStatus.Suspended, "an instance does not wait");
        });

    /// <summary>Takes an order, remembers a value, and waits until it is paid.</summary>
    private static JsonObject Waiting() => JsonNode.Parse("""
        {"definitionId":"waiting","name":"Waiting","inputs":[{"type":"String","name":"Customer"}],
         "variables":[{"id":"v","name":"Paid","typeName":"String","storageDriverTypeName":"WorkflowInstanceStorageDriver"}],
         "root":{"id":"chart","type":"Elsa.Flowchart","version":1,
          "activities":[
           {"id":"set","type":"Elsa.SetVariable","version":1,"variable":{"id":"v","name":"Paid"},"value":{"typeName":"Object","expression":{"type":"JavaScript","value":"'not by ' + getInput('Customer')"}}},
           {"id":"wait","type":"Elsa.Event","version":1,"eventName":{"typeName":"String","expression":{"type":"Literal","value":"paid"}},"result":{"typeName":"Object","memoryReference":{"id":"v"}}},
           {"id":"done","type":"Elsa.SetName","version":1,"value":{"typeName":"String","expression":{"type":"Literal","value":"paid"}}}],
          "connections":[{"source":{"activity":"set","port":"Done"},"target":{"activity":"wait","port":"In"}},{"source":{"activity":"wait","port":"Done"},"target":{"activity":"done","port":"In"}}]}}
        """)!.AsObject();

    private static async Task<long> BytesAsync(Database database) => (await database.QueryAsync(
        new SqlStatement(
            "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
            "SELECT pg_database_size(current_database())"),
        default)).Rows[0][0].AsInteger;

    private void Add(string what, List<double> times)
    {
        times.Sort();
        figures.Add(what + ", p50", times[times.Count / 2], "ms");
        figures.Add(what + ", p99", times[(int)(times.Count * 0.99)], "ms");
        figures.Add(what + ", longest", times[^1], "ms");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException("A figure does not count: " + otherwise + ".");
    }

    private static async Task<BenchHost> OpenAsync(DatabaseLocation location)
    {
        var database = new Database(location, new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);
        await database.OpenAsync(CancellationToken.None);
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Automation:Workflows:Directory"] = "",
            // Everything that has ended, but only when the bench sweeps.
            ["Automation:Workflows:Retention:Age"] = "00:00:00.001",
            ["Automation:Workflows:Retention:Cron"] = "0 0 1 1 *",
        });
        builder.Services.AddSingleton(_ => database);
        builder.Services.AddAutomationJobs();
        builder.Services.AddAutomationWorkflows();
        builder.Services.Remove(builder.Services.Single(s => s.ImplementationType == typeof(WorkflowConsole)));
        var host = builder.Build();
        await host.StartAsync();
        return new BenchHost(database, host);
    }

    private sealed class BenchHost(Database database, IHost host) : IAsyncDisposable
    {
        public Database Database => database;

        public T Get<T>()
            where T : notnull => host.Services.GetRequiredService<T>();

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
            await database.DisposeAsync();
        }
    }
}
