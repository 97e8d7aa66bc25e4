using System.Diagnostics;

namespace Automation.Bench;

/// <summary>Figures of steps: HTTP calls and data updates as background jobs of workflows that events start.</summary>
internal sealed partial class Scenarios
{
    private const int UpsertsPerRun = 20;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(20);

    public async Task StepsAsync()
    {
        await HttpStepsAsync();
        await UpsertsAsync();
    }

    public async Task UpsertsAsync()
    {
        await UpsertsAsync("bench-upsert", 1, Scaled(30_000), "data upserts, one a workflow");
        await UpsertsAsync("bench-upserts", UpsertsPerRun, Scaled(1_800), $"data upserts, {UpsertsPerRun} a workflow");
    }

    /// <summary>One event, one workflow, one HTTP call as a job; what was sent and answered is on record.</summary>
    private async Task HttpStepsAsync()
    {
        using var counterpart = new AnsweringServer();
        await using var server = await StartAsync(
            "HTTP steps", new Dictionary<string, string>(StringComparer.Ordinal) { ["Automation__Steps__Outgoing__AllowedHosts__0"] = "127.0.0.1" });
        var load = new LoadGenerator(server.Port, "/webhooks/flyflow", number => StepEvent("bench-http", number, $"\"url\":\"{counterpart.Url}\""));
        var warm = await WarmAsync(server, load, Scaled(30_000));
        var count = Scaled(30_000);
        var before = (server.ProcessorTime, Bytes: Bytes(server));
        var started = Stopwatch.GetTimestamp();
        var run = await load.RunAsync(Connections, 1_000_000, count);
        await UntilFinishedAsync(server, warm + count);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var processor = server.ProcessorTime - before.ProcessorTime;
        Require(run.Refused == 0, "events were refused");
        await CheckStepsAsync(server, warm + count, warm + count);
        Require(counterpart.Requests == warm + count && counterpart.Keys.Count == warm + count, $"the counterpart saw {counterpart.Requests} calls with {counterpart.Keys.Count} keys");
        Require(
            Scalar(server, "SELECT count(DISTINCT activity_execution_id) FROM http_exchanges WHERE outcome = 'Answered' AND status_code = 200 AND request_body <> '' AND response_body <> '' AND job_id IS NOT NULL") == warm + count
            && Scalar(server, "SELECT count(*) FROM http_exchanges") == warm + count,
            "not every call is on record once");
        figures.Add("HTTP steps as background jobs, full record", count / elapsed.TotalSeconds, "1/s", _floorPerSecond);
        figures.Add("… processor time of the server for each, event and workflow included", processor.TotalMicroseconds / count, "µs");
        figures.Add("… bytes on disk for each", (Bytes(server) - before.Bytes) / (double)count, "B");
    }

    private async Task UpsertsAsync(string type, int each, long runs, string what)
    {
        await using var server = await StartAsync(what);
        // Each document is written by three runs, so that there are inserts and updates.
        var load = new LoadGenerator(
            server.Port, "/webhooks/flyflow", number => StepEvent(type, number, $"\"customers\":[{string.Join(',', Enumerable.Range(0, each).Select(i => $$"""{"id":"c-{{number / 3}}-{{i}}","name":"Ann Example","calls":{{number}}}"""))}]"));
        var warm = await WarmAsync(server, load, runs);
        var before = server.ProcessorTime;
        var started = Stopwatch.GetTimestamp();
        var run = await load.RunAsync(Connections, 1_000_000, runs);
        await UntilFinishedAsync(server, warm + runs);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var processor = server.ProcessorTime - before;
        Require(run.Refused == 0, "events were refused");
        await CheckStepsAsync(server, warm + runs, (warm + runs) * each);
        Require(Scalar(server, "SELECT sum(version) FROM documents") == (warm + runs) * each, "not every upsert was made once");
        figures.Add(what, runs * each / elapsed.TotalSeconds, "1/s", _floorPerSecond);
        figures.Add("… processor time of the server for each, event and workflow included", processor.TotalMicroseconds / (runs * each), "µs");
    }

    /// <summary>Runs the same work until the server is compiled for good, which takes it some 15 seconds of load.</summary>
    /// <returns>How many events that took.</returns>
    private async Task<long> WarmAsync(ServerProcess server, LoadGenerator load, long runs)
    {
        var started = Stopwatch.GetTimestamp();
        var warm = 0L;
        while (warm < runs || Stopwatch.GetElapsedTime(started) < WarmUp)
        {
            await load.RunAsync(Connections, 1 + warm, runs / 2 + 1);
            warm += runs / 2 + 1;
            await UntilFinishedAsync(server, warm);
        }

        return warm;
    }

    private static string StepEvent(string type, long number, string data) =>
        $$$"""{"event_type":"{{{type}}}","call_id":"bench-{{{number}}}","timestamp":"2026-11-20T10:00:00Z","data":{"agent":"a-17","from":"+4915100000000",{{{data}}}}}""";

    // A recurring job of the server's own may have run meanwhile.
    private const string CountStepJobs = "SELECT count(*) FROM \"Job\" WHERE \"InvocationData\" || coalesce(\"Arguments\", '') LIKE '%workflow.activity%'";

    private static async Task CheckStepsAsync(ServerProcess server, long runs, long steps)
    {
        Require(Scalar(server, "SELECT count(*) FROM event_starts") == runs, "not every event started one instance");
        Require(Scalar(server, "SELECT count(*) FROM workflow_instances WHERE finished_at IS NOT NULL AND incident_count = 0") == runs, "not every instance finished once");
        // A job that ends beside its instance's commit is stored a moment later.
        var succeeded = 0L;
        for (var looks = 0; looks < 50 && succeeded != steps; looks++)
        {
            await Task.Delay(looks == 0 ? 0 : 100);
            succeeded = Scalar(server, CountStepJobs + " AND \"StateName\" = 'Succeeded'");
        }

        var all = Scalar(server, CountStepJobs);
        Require(succeeded == steps && all == steps, $"{steps} steps were {all} jobs, of which {succeeded} succeeded");
    }
}
