using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Automation.Bench.Jobs;
using Automation.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Bench;

/// <summary>Figures with many jobs stored: the pages, fetching and moving jobs, and recurring jobs at the start.</summary>
internal sealed partial class Scenarios
{
    private const int RequestsPerPage = 30;

    // Every page of the dashboard, with a search of each kind; {0} is a job near the end, {1} a day within the jobs.
    private static readonly string[] Pages =
    [
        "/hangfire", "/hangfire?period=week", "/hangfire/jobs/enqueued", "/hangfire/jobs/enqueued/bulk", "/hangfire/jobs/enqueued/fetched/bulk",
        "/hangfire/jobs/scheduled", "/hangfire/jobs/scheduled?after=1e9:0", "/hangfire/jobs/processing", "/hangfire/jobs/succeeded", "/hangfire/jobs/failed",
        "/hangfire/jobs/deleted", "/hangfire/jobs/awaiting", "/hangfire/retries", "/hangfire/recurring", "/hangfire/recurring?text=nothing-like-this", "/hangfire/servers",
        "/hangfire/failures", "/hangfire/jobs/details/{0}", "/hangfire/jobs", "/hangfire/jobs/succeeded?count=500",
        "/hangfire/jobs?name=crm.sync", "/hangfire/jobs?argument=nothing-like-this", "/hangfire/jobs/failed?exception=nothing-like-this", "/hangfire/jobs?queue=nothing-like-this",
        "/hangfire/jobs?exception=Timeout", "/hangfire/jobs?from={1}T10:00&to={1}T10:05", "/hangfire/jobs/failed?to={1}T01:00", "/hangfire/jobs?to=2020-01-01T00:00",
        "/hangfire/jobs?state=Processing", "/hangfire/jobs/deleted?argument=nothing-like-this",
    ];

    /// <summary>With millions of jobs stored: how long each page takes, and whether jobs are fetched and moved as with few.</summary>
    public async Task StoredAsync(string? existing)
    {
        Console.Error.WriteLine("… jobs stored");
        var many = existing ?? await FilledAsync(Scaled(10_000_000));
        await PagesAsync(many);
        await FetchAsync(many);
    }

    /// <summary>Whether jobs are fetched and moved with millions of others stored as with few.</summary>
    public async Task FetchAsync(string? existing)
    {
        Console.Error.WriteLine("… jobs fetched and moved");
        var many = existing ?? await FilledAsync(Scaled(10_000_000));
        var few = await FilledAsync(Math.Min(10_000, Scaled(10_000_000)));
        foreach (var (what, directory) in new[] { ("few jobs", few), ("many jobs", many) })
        {
            await using var database = Open(directory);
            await database.OpenAsync(CancellationToken.None);
            await JobThroughput.RunAsync(database, callers: 16, jobs: (int)Scaled(5_000));
            var run = await JobThroughput.RunAsync(database, callers: 16, jobs: (int)Scaled(20_000), settle: TimeSpan.FromSeconds(5));
            var fetched = await JobThroughput.DrainAsync(database, (int)Scaled(20_000), "bulk");
            figures.Add($"{what} stored: enqueued one by one, run to Succeeded", run.PerSecond, "1/s");
            figures.Add($"{what} stored: processor time for each", run.CpuMicroseconds, "µs");
            figures.Add($"{what} stored: fetched from a queue, run to Succeeded", fetched.PerSecond, "1/s");
            figures.Add($"{what} stored: processor time for each fetched", fetched.CpuMicroseconds, "µs");
        }
    }

    /// <summary>With 50,000 recurring jobs: how long a server takes to start, and what becomes of those that were missed.</summary>
    public async Task RecurringAsync()
    {
        const int recurring = 50_000;
        foreach (var (what, missed, misfire) in new[] { ("none missed", false, 0), ("all missed, Ignorable", true, 2), ("all missed, Relaxed", true, 0) })
        {
            Console.Error.WriteLine($"… recurring jobs, {what}");
            var directory = await EmptyAsync();
            Execute(directory, $$$"""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {{{recurring}}})
                INSERT INTO "Set" ("Key", "Score", "Value", "ExpireAt") SELECT 'recurring-jobs', CAST(strftime('%s', 'now') AS REAL) + {{{(missed ? -7200 : 86400)}}}, 'report-' || i, 0 FROM n;
                INSERT INTO "Hash" ("Key", "Field", "Value", "ExpireAt")
                SELECT 'recurring-job:' || s."Value", f.field, f.value, 0 FROM "Set" s, (
                    SELECT 'Cron' AS field, '7 3 * * *' AS value UNION ALL SELECT 'TimeZoneId', 'Europe/Berlin' UNION ALL SELECT 'Queue', 'default' UNION ALL SELECT 'V', '2'
                    UNION ALL SELECT 'Misfire', '{{{misfire}}}' UNION ALL SELECT 'Job', '{"t":"Automation.Jobs.NamedJob, Automation.Jobs","m":"Run","p":["System.String","System.Object[], mscorlib"],"a":["\"bench\"","[1]"]}'
                    UNION ALL SELECT 'CreatedAt', CAST((strftime('%s', 'now') - 864000) * 1000 AS TEXT) UNION ALL SELECT 'LastExecution', CAST((strftime('%s', 'now') - 259200) * 1000 AS TEXT)
                    UNION ALL SELECT 'NextExecution', CAST((strftime('%s', 'now') + {{{(missed ? -7200 : 86400)}}}) * 1000 AS TEXT)) f
                WHERE s."Key" = 'recurring-jobs';
                """);
            await using var server = await StartOnAsync(directory, []);
            figures.Add($"start with {recurring:N0} recurring jobs, {what}", server.StartUp.TotalMilliseconds, "ms");
            var watch = Stopwatch.StartNew();
            while (missed && Scalar(server, "SELECT count(*) FROM \"Set\" WHERE \"Key\" = 'recurring-jobs' AND \"Score\" <= CAST(strftime('%s', 'now') AS REAL)") > 0)
            {
                Require(watch.Elapsed < TimeSpan.FromMinutes(5), "the missed recurring jobs were not worked off");
                await Task.Delay(20);
            }

            var jobs = Scalar(server, "SELECT count(*) FROM \"Job\"");
            Require(jobs == (missed && misfire == 0 ? recurring : 0), $"{jobs} jobs were made of {recurring} recurring ones, {what}");
            if (missed)
                figures.Add($"… until all are planned again, {jobs:N0} runs", watch.Elapsed.TotalSeconds, "s");
        }
    }

    private async Task PagesAsync(string directory)
    {
        await using var server = await StartOnAsync(directory, [("Automation__Jobs__Queues__0", "nothing-waits-here")]);
        figures.Add("many jobs stored: start", server.StartUp.TotalMilliseconds, "ms");
        using var api = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{server.Port}")), Timeout = TimeSpan.FromMinutes(2) };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", AdminKey);
        var newest = Scalar(server, "SELECT max(\"Id\") FROM \"Job\"");
        var yesterday = DateTime.UtcNow.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var (slowest, slowestPage) = (0.0, "");
        var (dearest, dearestPage) = (0.0, "");
        foreach (var page in Pages)
        {
            var path = string.Format(CultureInfo.InvariantCulture, page, newest - 81, yesterday);
            var times = new List<double>();
            var used = TimeSpan.Zero;
            for (var i = 0; i < RequestsPerPage + 3; i++)
            {
                var started = Stopwatch.GetTimestamp();
                using var answer = await api.GetAsync(new Uri(path, UriKind.Relative));
                await answer.Content.ReadAsByteArrayAsync();
                if (answer.StatusCode != HttpStatusCode.OK)
                    throw new InvalidOperationException($"{path} answered {(int)answer.StatusCode}.");
                if (i == 2)
                    used = server.ProcessorTime;
                if (i >= 3)
                    times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            times.Sort();
            var (median, high) = (times[times.Count / 2], times[(int)(times.Count * 0.95)]);
            // Unlike the clock's, processor time hardly depends on what else the machine does.
            var processor = (server.ProcessorTime - used).TotalMilliseconds / RequestsPerPage;
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {path,-60} p50 {median,7:0.0} ms  p95 {high,7:0.0} ms  processor {processor,6:0.0} ms"));
            if (high > slowest)
                (slowest, slowestPage) = (high, path);
            if (processor > dearest)
                (dearest, dearestPage) = (processor, path);
        }

        figures.Add($"many jobs stored: slowest page p95 ({slowestPage})", slowest, "ms");
        figures.Add($"many jobs stored: processor time of the dearest page ({dearestPage})", dearest, "ms");
    }

    /// <summary>A database with our schema and so many jobs.</summary>
    private async Task<string> FilledAsync(long jobs)
    {
        var directory = await EmptyAsync();
        var script = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fill-jobs-sqlite.sql"));
        Console.Error.WriteLine($"… {jobs:N0} jobs");
        Execute(directory, script, jobs);
        return directory;
    }

    private static async Task<string> EmptyAsync()
    {
        var directory = Directory.CreateTempSubdirectory("automation-bench-").FullName;
        await using var database = Open(directory);
        await database.OpenAsync(CancellationToken.None);
        return directory;
    }

    private static Database Open(string directory) => new(
        DatabaseLocation.Sqlite(Path.Combine(directory, "automation.db")), new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);

    private static void Execute(string directory, string sql, long? jobs = null)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(directory, "automation.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = 0;
        if (jobs is { } count)
            command.Parameters.AddWithValue(":jobs", count);
        command.ExecuteNonQuery();
    }

    private Task<ServerProcess> StartOnAsync(string directory, (string Name, string Value)[] settings) => ServerProcess.StartProductAsync(
        hostAssembly, Path.Combine(AppContext.BaseDirectory, "workflows"), AdminKey, directory, settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal));
}
