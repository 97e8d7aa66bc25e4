using System.Globalization;
using System.Net;
using System.Text;
using Automation.Intake.Sources;
using Automation.Intake.Tests.Support;
using Automation.Storage.Events;

namespace Automation.Intake.Tests.Webhooks;

public sealed class FuzzTests
{
    /// <summary>Set <c>AUTOMATION_FUZZ_REQUESTS</c> for a longer run.</summary>
    private static readonly int Requests = int.Parse(Environment.GetEnvironmentVariable("AUTOMATION_FUZZ_REQUESTS") ?? "4000", CultureInfo.InvariantCulture);

    private static readonly byte[][] Fragments =
    [
        "null"u8.ToArray(), "{}"u8.ToArray(), "[[[[["u8.ToArray(), "\\u0000"u8.ToArray(), "\\ud800"u8.ToArray(), "\""u8.ToArray(), "1e999"u8.ToArray(),
        "-"u8.ToArray(), [0xFF], [0xC3], [0xEF, 0xBB, 0xBF], "\0"u8.ToArray(), "\r\n"u8.ToArray(), "%00&="u8.ToArray(), "9999999999999999999999"u8.ToArray(),
        Encoding.ASCII.GetBytes(new string('[', 300)), Encoding.ASCII.GetBytes(new string('x', 5000)),
    ];

    [Fact]
    public async Task No_mutated_request_of_any_preset_breaks_the_server()
    {
        var presets = PresetCatalog.Load().All.Values.ToArray();
        var settings = presets.ToDictionary(p => $"Sources:{p.Name}:Open", _ => (string?)"true", StringComparer.Ordinal);
        foreach (var preset in presets.Where(p => p.Verification.Count > 0))
        {
            // Beside each open source one that verifies, so that the schemes are fed as well.
            settings[$"Sources:{preset.Name}-v:Preset"] = preset.Name;
            settings[$"Sources:{preset.Name}-v:Secrets:0"] = preset.Verification.Any(s => s.Kind == "ed25519") ? Convert.ToBase64String(new byte[32]) : preset.Name == "standard-webhooks" ? "whsec_AAAA" : "secret";
            settings[$"Sources:{preset.Name}-v:User"] = "user";
        }

        settings["RejectedRowsPerSecond"] = "100";
        await using var server = await IntakeServer.StartAsync(settings, mappings: """{ "rules": [ { "type": "*e*", "workflow": "w", "inputs": { "a": "{data.id}", "b": "{$payload}" } } ] }""");
        server.Starter.Remembers = false;
        var statuses = new int[600];
        var (memory, resident) = (0L, 0L);
        var measured = Math.Max(1000, Requests / 10);

        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken }, async (i, ct) =>
        {
            var random = new Random(i);
            var preset = presets[random.Next(presets.Length)];
            var sample = preset.Samples[random.Next(preset.Samples.Count)];
            var body = Mutate(random, sample.Form is { } form ? Encoding.UTF8.GetBytes(form) : Encoding.UTF8.GetBytes(sample.Body.GetRawText()));
            var source = random.Next(3) == 0 && preset.Verification.Count > 0 ? preset.Name + "-v" : preset.Name;
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/webhooks/{source}{(random.Next(10) == 0 ? "/" + Text(random) : "")}{(random.Next(10) == 0 ? "?" + Text(random) : "")}") { Content = new ByteArrayContent(body) };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", random.Next(20) == 0 ? Text(random) : sample.Form is null ? "application/json" : FormFields.ContentType);
            foreach (var (name, value) in sample.Headers)
                request.Headers.TryAddWithoutValidation(name, random.Next(10) == 0 ? Text(random) : value);
            foreach (var scheme in preset.Verification)
            {
                foreach (var header in scheme.Headers.Append(scheme.TimestampHeader ?? "X-A").Append(scheme.IdHeader ?? "X-B"))
                    request.Headers.TryAddWithoutValidation(header, SignatureLike(random, scheme));
            }

            using var response = await server.Client.SendAsync(request, ct);
            Interlocked.Increment(ref statuses[(int)response.StatusCode]);
            // Once everything has been met often enough to be compiled and cached.
            if (i % measured == measured - 1 && Interlocked.Read(ref memory) == 0)
                (memory, resident) = (GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
            if ((int)response.StatusCode >= 500)
                Assert.Fail($"request {i} to {source}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(ct)}");
        });

        await server.DrainAsync();
        var after = GC.GetTotalMemory(forceFullCollection: true);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Requests:N0} requests, {string.Join(", ", statuses.Index().Where(s => s.Item > 0).Select(s => $"{s.Index}: {s.Item:N0}"))}; managed memory {memory >> 20} MiB early, {after >> 20} MiB at the end; resident {resident >> 20} MiB early, {Environment.WorkingSet >> 20} MiB at the end");
        Assert.True(after < memory + (64 << 20), $"memory grew from {memory:N0} to {after:N0} bytes");
        var counts = await server.Events.CountAsync(DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);
        // Both kinds were really met, and every event that was acknowledged is in the log.
        Assert.True(statuses[400] > 0 && statuses[401] > 0 && statuses[415] > 0, string.Join(' ', statuses.Index().Where(s => s.Item > 0)));
        Assert.Equal(
            statuses[200] + statuses[202] + statuses[204],
            counts.Where(c => c.Key != EventStatus.Rejected).Sum(c => c.Value));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("flow-sessions", """{"id":"last","event":"flow.end"}""")).StatusCode);
    }

    private static byte[] Mutate(Random random, byte[] body)
    {
        var bytes = body.ToList();
        for (var n = random.Next(4); n > 0 && bytes.Count > 0; n--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 60), bytes.Count - at)));
                    break;
                case 4:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        return [.. bytes];
    }

    private static string Text(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => (char)random.Next(0x21, 0x7F))).Replace("#", "", StringComparison.Ordinal).Replace("?", "", StringComparison.Ordinal);

    private static string SignatureLike(Random random, VerificationScheme scheme)
    {
        var bytes = new byte[random.Next(3) switch { 0 => 32, 1 => 64, _ => random.Next(80) }];
        random.NextBytes(bytes);
        var text = random.Next(2) == 0 ? Convert.ToHexStringLower(bytes) : Convert.ToBase64String(bytes);
        return random.Next(5) switch
        {
            0 => Text(random),
            1 => $"{scheme.Prefix}{text}",
            2 => $"{scheme.TimestampKey}={DateTimeOffset.UnixEpoch.Year}{random.NextInt64()},{scheme.Key}={text}",
            3 => string.Join(' ', Enumerable.Repeat($"{scheme.Prefix}{text}", random.Next(1, 100))),
            _ => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        };
    }
}
