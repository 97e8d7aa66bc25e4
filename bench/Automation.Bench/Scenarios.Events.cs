using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Automation.Bench;

/// <summary>Figures of the event log: verified events, and bulk replays.</summary>
internal sealed partial class Scenarios
{
    /// <summary>What the signed source verifies with.</summary>
    public const string Secret = "a-secret-for-the-bench";

    private static readonly byte[] Key = Encoding.UTF8.GetBytes(Secret);

    /// <summary>As <see cref="AcceptanceAsync"/>, with every event verified. They are signed before the time is taken.</summary>
    public async Task SignedAsync()
    {
        await using var server = await StartAsync("acceptance with HMAC verification");
        var load = new LoadGenerator(server.Port, "/webhooks/signed", Event("call_started"), Sign);
        var warm = await load.RunAsync(Connections, 1, Scaled(20_000));
        var before = server.ProcessorTime;
        var full = await load.RunAsync(Connections, 1_000_000, Scaled(100_000));
        figures.Add("processor time of the server for each event, HMAC verified", (server.ProcessorTime - before).TotalMicroseconds / full.Accepted, "µs");
        Require(warm.Refused + full.Refused == 0, "signed events were refused");
        Require(Scalar(server, "SELECT count(*) FROM events WHERE verification = 'signature'") == warm.Accepted + full.Accepted, "not every event was verified and stored once");
        var forged = await new LoadGenerator(server.Port, "/webhooks/signed", Event("call_started"), body => Sign(body + " ")).RunAsync(4, 9_000_000, 100);
        Require(forged.Accepted == 0, "a forged event was accepted");
        figures.Add("events accepted, HMAC verified", full.PerSecond, "1/s", _floorPerSecond);
        figures.Add("acknowledgement p50, HMAC verified", full.Percentile(0.50), "ms");
        figures.Add("acknowledgement p99, HMAC verified", full.Percentile(0.99), "ms");
    }

    /// <summary>A dry run over a million stored events with a filter that looks into each, then a replay of ten thousand.</summary>
    public async Task ReplayAsync()
    {
        var stored = Scaled(1_000_000);
        string directory;
        await using (var empty = await StartAsync("replay"))
            directory = empty.Directory;
        Fill(Path.Combine(directory, "automation.db"), stored);
        var workflows = System.IO.Directory.CreateTempSubdirectory("automation-bench-").FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, "workflows", "bench.json"), Path.Combine(workflows, "bench.json"));
        await File.WriteAllTextAsync(
            Path.Combine(workflows, "mappings.json"), """{ "rules": [ { "id": "half", "source": "flyflow", "workflow": "bench", "filter": "event.payload.data.seconds % 2 == 0", "inputs": { "Event": "{$payload}" } } ] }""");
        await using var server = await ServerProcess.StartProductAsync(hostAssembly, workflows, AdminKey, directory);
        using var api = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{server.Port}")) };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", AdminKey);

        var (dry, dryTime, seen) = await RunReplayAsync(api, new { dryRun = true });
        Require(dry.GetProperty("done").GetInt64() == stored && dry.GetProperty("replayed").GetInt64() == stored / 2, "the dry run did not see every event");
        figures.Add($"dry run over {stored:N0} stored events, each filtered", dryTime.TotalSeconds, "s");
        figures.Add("… times that its progress was seen to grow", seen, "");

        var few = Scaled(20_000);
        var last = Scalar(server, $"SELECT CAST(received_at / 1000 AS INTEGER) FROM events ORDER BY id LIMIT 1 OFFSET {few}");
        var (run, time, _) = await RunReplayAsync(api, new { to = DateTimeOffset.FromUnixTimeMilliseconds(last) });
        var copies = run.GetProperty("replayed").GetInt64();
        await UntilFinishedAsync(server, copies);
        Require(Scalar(server, "SELECT count(*) FROM events WHERE replay_of IS NOT NULL AND status = 1") == copies, "not every copy was routed once");
        Require(Scalar(server, "SELECT count(DISTINCT replay_of) FROM events WHERE replay_of IS NOT NULL") == copies, "an event was copied twice");
        Require(Scalar(server, "SELECT count(*) FROM (SELECT replay_of, lag(replay_of) OVER (PARTITION BY correlation_key ORDER BY id) AS before FROM events WHERE replay_of IS NOT NULL) AS o WHERE before > replay_of") == 0, "copies of a key are out of order");
        figures.Add($"replay of {copies:N0} events, copies stored", copies / time.TotalSeconds, "1/s");
    }

    private static async Task<(JsonElement Run, TimeSpan Elapsed, int Seen)> RunReplayAsync(HttpClient api, object request)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await api.PostAsJsonAsync("/api/replays", request);
        answer.EnsureSuccessStatusCode();
        var run = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var path = "/api/replays/" + run.GetProperty("id").GetString();
        var (done, seen) = (0L, 0);
        while (run.GetProperty("state").GetString() == "Running")
        {
            await Task.Delay(100);
            run = await api.GetFromJsonAsync<JsonElement>(path);
            if (run.GetProperty("done").GetInt64() is var now && now > done)
                (done, seen) = (now, seen + 1);
        }

        Require(run.GetProperty("state").GetString() == "Finished", $"the replay ended as {run}");
        return (run, Stopwatch.GetElapsedTime(began), seen);
    }

    /// <summary>Writes events straight into the log of a server that is stopped, a thousand keys, one a millisecond.</summary>
    private static void Fill(string file, long count)
    {
        using var connection = new SqliteConnection($"Data Source={file}");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandTimeout = 0;
        command.CommandText = """
            WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $count), t AS (SELECT i, 1767225600000 + i AS ms FROM n)
            INSERT INTO events (id, status, received_at, source, type, correlation_key, dedupe_key, answer, verification, headers, body_size, body)
            SELECT substr(printf('%012x', ms), 1, 8) || '-' || substr(printf('%012x', ms), 9, 4) || '-7000-8000-' || printf('%012x', i),
              2, ms * 1000, 'flyflow', 'tool_call', 'key-' || (i % 1000), 'd-' || i, 200, 'open', '{"Content-Type":"application/json"}', 150,
              CAST('{"event_type":"tool_call","call_id":"key-' || (i % 1000) || '","timestamp":"2026-01-01T00:00:00Z","data":{"agent":"a-17","from":"+4915100000000","seconds":' || (i % 60) || '}}' AS BLOB)
            FROM t
            """;
        command.Parameters.AddWithValue("$count", count);
        command.ExecuteNonQuery();
    }

    private static string Sign(string body)
    {
        var timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signature = HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes($"{timestamp}.{body}"));
        return $"X-Timestamp: {timestamp}\r\nX-Signature: {Convert.ToHexStringLower(signature)}\r\n";
    }
}
