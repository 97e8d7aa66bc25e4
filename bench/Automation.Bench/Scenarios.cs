using System.Diagnostics;
using System.Globalization;
using Automation.Bench.Jobs;
using Automation.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Bench;

/// <summary>What is measured, one method a figure or a few that belong together.</summary>
internal sealed partial class Scenarios(string hostAssembly, Figures figures, double scale)
{
    private const string AdminKey = "an-administrator-key-for-the-bench";
    private const int Connections = 64;

    private double _floorPerSecond;

    public async Task FloorAsync()
    {
        await using var server = await ServerProcess.StartFloorAsync();
        var load = new LoadGenerator(server.Port, "/", Event("call_started"));
        await load.RunAsync(Connections, 1, Scaled(20_000));
        var before = server.ProcessorTime;
        var full = await load.RunAsync(Connections, 1_000_000, Scaled(100_000));
        Require(full.Refused == 0, "the floor refused requests");
        figures.Add("floor: processor time of the server for each request", (server.ProcessorTime - before).TotalMicroseconds / full.Accepted, "µs");
        _floorPerSecond = full.PerSecond;
        figures.Add("floor: requests stored", full.PerSecond, "1/s", full.PerSecond);
        figures.Add("floor: answer p50", full.Percentile(0.50), "ms");
        figures.Add("floor: answer p99", full.Percentile(0.99), "ms");
    }

    public async Task AcceptanceAsync()
    {
        await using var server = await StartAsync("acceptance");
        figures.Add("start-up on an empty directory", server.StartUp.TotalMilliseconds, "ms");
        await Task.Delay(2000);
        figures.Add("resident memory, idle", server.ResidentBytes / 1048576.0, "MiB");

        // Nobody maps call_started, so what is measured is taking in: verify, identify, dedupe, store, acknowledge.
        var load = new LoadGenerator(server.Port, "/webhooks/flyflow", Event("call_started"));
        var warm = await load.RunAsync(Connections, 1, Scaled(20_000));
        var before = server.ProcessorTime;
        var full = await load.RunAsync(Connections, 1_000_000, Scaled(100_000));
        figures.Add("processor time of the server for each event", (server.ProcessorTime - before).TotalMicroseconds / full.Accepted, "µs");
        var half = await load.RunAsync(Connections, 2_000_000, (long)(full.PerSecond / 2 * 8 * scale), full.PerSecond / 2);
        Require(warm.Refused + full.Refused + half.Refused == 0, "events were refused");

        var sent = warm.Accepted + full.Accepted + half.Accepted;
        Require(Scalar(server, "SELECT count(*) FROM events") == sent, "not every event is stored once");
        Require(Scalar(server, "SELECT count(DISTINCT correlation_key) FROM events") == sent, "events are stored twice");
        figures.Add("events accepted", full.PerSecond, "1/s", _floorPerSecond);
        figures.Add("acknowledgement p50 at full rate", full.Percentile(0.50), "ms");
        figures.Add("acknowledgement p99 at full rate", full.Percentile(0.99), "ms");
        figures.Add("acknowledgement p50 at half rate", half.Percentile(0.50), "ms");
        figures.Add("acknowledgement p99 at half rate", half.Percentile(0.99), "ms");
        figures.Add("resident memory after the load", server.ResidentBytes / 1048576.0, "MiB");
    }

    public async Task WorkflowsAsync()
    {
        await using var server = await StartAsync("workflows");
        var load = new LoadGenerator(server.Port, "/webhooks/flyflow", Event("bench"));
        var warm = Scaled(3_000);
        await load.RunAsync(Connections, 1, warm);
        await UntilFinishedAsync(server, warm);

        var before = Bytes(server);
        var count = Scaled(30_000);
        var started = Stopwatch.GetTimestamp();
        var run = await load.RunAsync(Connections, 1_000_000, count);
        await UntilFinishedAsync(server, warm + count);
        var elapsed = Stopwatch.GetElapsedTime(started);
        Require(run.Refused == 0, "events were refused");
        CheckExactlyOnce(server, warm + count);
        figures.Add("workflows finished (3 activities)", count / elapsed.TotalSeconds, "1/s", _floorPerSecond);
        figures.Add("bytes on disk per run", (Bytes(server) - before) / (double)count, "B");
    }

    public async Task EndToEndAsync()
    {
        const double rate = 500;
        await using var server = await StartAsync("end to end");
        var load = new LoadGenerator(server.Port, "/webhooks/flyflow", Event("bench"));
        var warm = Scaled(3_000);
        await load.RunAsync(16, 1, warm);
        await UntilFinishedAsync(server, warm);

        const long first = 1_000_000;
        var count = Scaled(10_000);
        var run = await load.RunAsync(16, first, count, rate);
        await UntilFinishedAsync(server, warm + count);
        Require(run.Refused == 0, "events were refused");
        CheckExactlyOnce(server, warm + count);
        // From the moment an event was due to be sent until its instance's last commit.
        var latencies = new List<double>();
        using var connection = Open(server);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT e.correlation_key, i.finished_at FROM event_starts s JOIN events e ON e.id = s.event_id JOIN workflow_instances i ON i.id = s.instance_id";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var number = long.Parse(reader.GetString(0).AsSpan("bench-".Length), CultureInfo.InvariantCulture);
            if (number < first)
                continue;
            var due = run.Began.AddSeconds((number - first) / rate);
            latencies.Add((DateTimeOffset.UnixEpoch.AddMicroseconds(reader.GetInt64(1)) - due).TotalMilliseconds);
        }

        latencies.Sort();
        figures.Add("end to end p50 at 500 events/s", latencies[latencies.Count / 2], "ms");
        figures.Add("end to end p99 at 500 events/s", latencies[(int)(latencies.Count * 0.99)], "ms");
    }

    public async Task CallsAsync()
    {
        const int calls = 200;
        await using var server = await StartAsync("calls");
        var load = new CallLoad(server.Port);
        var warm = await load.RunAsync(calls, (int)Scaled(30), "warm", TimeSpan.Zero);
        var paced = await load.RunAsync(calls, (int)Scaled(30), "paced", TimeSpan.FromSeconds(1));
        var full = await load.RunAsync(calls, (int)Scaled(100), "full", TimeSpan.Zero);
        // While the server is still being compiled an answer may miss the deadline and be the fallback; another call's may not come even then.
        var wrong = warm.Wrong.Where(w => !w.Contains(": 204 ", StringComparison.Ordinal)).Concat(paced.Wrong).Concat(full.Wrong).ToArray();
        Require(wrong.Length == 0, $"{wrong.Length} answers were wrong, the first: {wrong.FirstOrDefault()}");
        Require(Scalar(server, "SELECT count(*) FROM workflow_instances WHERE definition_id = 'bench-calls'") == 3 * calls, "not every call is one instance");
        Require(
            Scalar(server, "SELECT count(*) FROM event_replies WHERE state = 1 AND origin = 0") == warm.Turns + paced.Turns + full.Turns
            && Scalar(server, "SELECT count(*) FROM event_replies WHERE state = 1") == warm.Latencies.Length + paced.Turns + full.Turns,
            "not every answer is stored once");
        Require(Scalar(server, "SELECT count(*) FROM event_replies WHERE state = 1 AND origin > 1") == 0, "an answer was a fallback for another reason than time");
        figures.Add("AI Flow turn p50, 200 calls, 1 turn/s each", paced.Percentile(0.50), "ms");
        figures.Add("AI Flow turn p99, 200 calls, 1 turn/s each", paced.Percentile(0.99), "ms");
        figures.Add("AI Flow turns, 200 calls without pause", full.PerSecond, "1/s", _floorPerSecond);
        figures.Add("AI Flow turn p50, 200 calls without pause", full.Percentile(0.50), "ms");
        figures.Add("AI Flow turn p99, 200 calls without pause", full.Percentile(0.99), "ms");
    }

    /// <summary>A thousand copies of one event at once, again and again: one start, and one answer for all.</summary>
    public async Task CopiesAsync()
    {
        const int copies = 1000;
        // What counts here is one start and one answer: a machine that stands still for a second shall not make it the fallback.
        await using var server = await StartAsync("copies", new Dictionary<string, string>(StringComparer.Ordinal) { ["Automation__Intake__Sources__ai-flow__Reply__Deadline"] = "00:01:00" });
        var connections = Enumerable.Range(0, copies).Select(_ => new AnswerConnection(server.Port)).ToArray();
        var trials = Scaled(1000);
        var started = Stopwatch.GetTimestamp();
        for (var trial = 0; trial < trials; trial++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"copies-{trial}");
            var json = $$$"""{"type":"session_start","session":{"id":"{{{id}}}","account_id":"bench","phone_number":"+1"}}""";
            var answers = await Task.WhenAll(connections.Select(c => Task.Run(() => c.PostAsync(json).AsTask())));
            var distinct = answers.Distinct(StringComparer.Ordinal).ToArray();
            Require(distinct is [var one] && one.Contains($"\"{id}\"", StringComparison.Ordinal), $"trial {trial} gave {distinct.Length} answers, among them {distinct[0]}");
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        foreach (var connection in connections)
            connection.Dispose();
        Require(Scalar(server, "SELECT count(*) FROM workflow_instances") == trials, "not every trial started one instance");
        Require(Scalar(server, "SELECT count(*) FROM event_starts") == trials, "not every trial is one start");
        Require(Scalar(server, "SELECT count(*) FROM events WHERE status = 3") == trials * (copies - 1), "not every copy is kept as a repeated delivery");
        figures.Add("trials of 1,000 copies, each one start, one answer", trials, "trials");
        figures.Add("copies answered", trials * copies / elapsed.TotalSeconds, "1/s", _floorPerSecond);
    }

    public async Task JobsAsync(string? postgres)
    {
        Console.Error.WriteLine("… jobs");
        if (postgres is not null)
            await JobsOnPostgresAsync(postgres);
        var directory = Directory.CreateTempSubdirectory("automation-bench-").FullName;
        await using var database = new Database(
            DatabaseLocation.Sqlite(Path.Combine(directory, "automation.db")), new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);
        await database.OpenAsync(CancellationToken.None);
        await JobThroughput.RunAsync(database, callers: 16, jobs: (int)Scaled(5_000));
        var full = await JobThroughput.RunAsync(database, callers: 16, jobs: (int)Scaled(50_000));
        Require(full.Succeeded == full.Jobs, "not every job succeeded once");
        var idle = await JobThroughput.RunAsync(database, callers: 1, jobs: (int)Scaled(500), pause: TimeSpan.FromMilliseconds(5));
        Require(idle.Succeeded == idle.Jobs, "not every job succeeded once");
        figures.Add("jobs enqueued one by one, run to Succeeded", full.PerSecond, "1/s", _floorPerSecond);
        figures.Add("enqueue to start p50, idle", idle.P50, "ms");
        figures.Add("enqueue to start p99, idle", idle.P99, "ms");
    }

    private async Task JobsOnPostgresAsync(string connectionString)
    {
        await using var database = new Database(DatabaseLocation.From(connectionString, ""), new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);
        await database.OpenAsync(CancellationToken.None);
        await JobThroughput.RunAsync(database, callers: 16, jobs: (int)Scaled(5_000));
        var full = await JobThroughput.RunAsync(database, callers: 16, jobs: (int)Scaled(30_000));
        Require(full.Succeeded == full.Jobs, "not every job succeeded once");
        figures.Add("jobs on PostgreSQL, enqueued one by one, run to Succeeded", full.PerSecond, "1/s", _floorPerSecond);
    }

    private static Func<long, string> Event(string type) => number =>
        $$$"""{"event_type":"{{{type}}}","call_id":"bench-{{{number}}}","timestamp":"2026-11-20T10:00:00Z","data":{"agent":"a-17","from":"+4915100000000","seconds":{{{number % 60}}}}}""";

    private static void CheckExactlyOnce(ServerProcess server, long count)
    {
        Require(Scalar(server, "SELECT count(*) FROM events WHERE type = 'bench'") == count, "not every event is stored once");
        Require(Scalar(server, "SELECT count(DISTINCT event_id) FROM event_starts") == count, "not every event started an instance");
        Require(Scalar(server, "SELECT count(*) FROM event_starts") == count, "events started more than one instance");
        Require(Scalar(server, "SELECT count(*) FROM workflow_instances WHERE finished_at IS NOT NULL AND incident_count = 0") == count, "not every instance finished once");
    }

    private static async Task UntilFinishedAsync(ServerProcess server, long count)
    {
        var started = Stopwatch.GetTimestamp();
        while (Scalar(server, "SELECT count(*) FROM workflow_instances WHERE finished_at IS NOT NULL") < count)
        {
            Require(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(3), $"instances did not finish: {Scalar(server, "SELECT count(*) FROM workflow_instances WHERE finished_at IS NOT NULL")} of {count}");
            await Task.Delay(20);
        }
    }

    private static long Bytes(ServerProcess server)
    {
        using var connection = Open(server);
        using var command = connection.CreateCommand();
        // Pages in use, so that free pages and the log do not count.
        command.CommandText = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
        return (long)command.ExecuteScalar()!;
    }

    private static long Scalar(ServerProcess server, string sql)
    {
        using var connection = Open(server);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static SqliteConnection Open(ServerProcess server)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(server.Directory, "automation.db")};Mode=ReadOnly");
        connection.Open();
        return connection;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException("A figure does not count: " + otherwise + ".");
    }

    private long Scaled(long count) => Math.Max(1, (long)(count * scale));

    private Task<ServerProcess> StartAsync(string what, IReadOnlyDictionary<string, string>? settings = null)
    {
        Console.Error.WriteLine($"… {what}");
        return ServerProcess.StartProductAsync(hostAssembly, Path.Combine(AppContext.BaseDirectory, "workflows"), AdminKey, settings: settings);
    }
}
