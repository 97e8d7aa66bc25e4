using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Automation.Intake.Sources;

namespace Automation.Host.Cli;

/// <summary><c>send SOURCE [SAMPLE]</c>: posts a sample of a sender, or a file, signed as the sender would.</summary>
internal static class SendCommand
{
    /// <summary>Requests that are on their way at the same time where events are sent at a rate.</summary>
    private const int AtOnce = 128;

    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "The source's slug, the last part of /webhooks/{source}." };
        var sample = new Argument<string?>("sample") { Description = "Name of the sample, mostly the event type. Without it the samples are listed.", Arity = ArgumentArity.ZeroOrOne };
        var preset = new Option<string?>("--preset") { Description = "Preset that has the sample and the signature, where the source is not named like it." };
        var presets = new Option<DirectoryInfo?>("--presets") { Description = "Folder with presets of your own, as the server's Automation:Intake:PresetsDirectory." };
        var file = new Option<FileInfo?>("--file") { Description = "Posts this file instead of a sample, byte for byte; repeats of it may be taken for one event. See --fresh-ids." };
        var contentType = new Option<string?>("--content-type") { Description = "Content type of the file. Default application/json." };
        var secret = new Option<string?>("--secret") { Description = "Signs as the sender would, with this secret of the source. Default: the environment variable AUTOMATION_SECRET; unsigned where there is none." };
        var scheme = new Option<string?>("--scheme") { Description = "Which of the preset's ways to sign. Default: the first that the secret fits." };
        var user = new Option<string?>("--user") { Description = "User name, where the sender sends Basic." };
        var urlSecret = new Option<string?>("--url-secret") { Description = "Secret in the URL: /webhooks/{source}/{secret}." };
        var header = new Option<string[]>("--header") { Description = "Further header, \"Name: value\". May be given several times." };
        var asIs = new Option<bool>("--as-is") { Description = "Sends the sample byte for byte. By default its ids and times are made new, so that it is not taken for a repeated delivery." };
        var freshIds = new Option<bool>("--fresh-ids") { Description = "With --file: makes the ids and times new that the preset names, each time it is sent, so that every one is an event of its own. Samples have new ones anyway." };
        var repeat = new Option<int>("--repeat") { Description = "How many events to send. Default 1. A sample is a new event each time; a file is the same bytes, of which the server takes the first and knows the others as repeated deliveries, unless --fresh-ids is given.", DefaultValueFactory = _ => 1 };
        var rate = new Option<double?>("--rate") { Description = "Events a second. Default: one after another." };
        var url = Connection.UrlOption();
        var command = new Command("send", "Posts a sample event or a file to a running server, signed as the sender would sign it.")
        {
            source, sample, preset, presets, file, contentType, secret, scheme, user, urlSecret, header, asIs, freshIds, repeat, rate, url,
        };
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            var slug = result.GetRequiredValue(source);
            var catalog = Presets(result.GetValue(presets));
            var presetName = result.GetValue(preset) ?? slug;
            catalog.All.TryGetValue(presetName, out var found);
            if (found is null && (result.GetValue(file) is null || result.GetValue(preset) is not null))
                throw new CommandException(Exit.Misused, $"There is no preset named \"{presetName}\". Known: {string.Join(", ", catalog.All.Keys.Order(StringComparer.Ordinal))}. For a source of another name add --preset, for a preset of your own --presets FOLDER.");
            if (result.GetValue(file) is null && result.GetValue(sample) is null)
                return List(found!);
            if (result.GetValue(repeat) < 1 || result.GetValue(rate) is <= 0)
                throw new CommandException(Exit.Misused, "--repeat and --rate must be more than 0.");
            if (result.GetValue(file) is not null && result.GetValue(sample) is not null)
                throw new CommandException(Exit.Misused, "Either a sample or --file is sent, not both.");
            if (result.GetValue(freshIds) && result.GetValue(asIs))
                throw new CommandException(Exit.Misused, "Either --as-is or --fresh-ids, not both.");
            if (result.GetValue(freshIds) && found is null)
                throw new CommandException(Exit.Misused, $"--fresh-ids needs to know where the ids are: there is no preset named \"{presetName}\", so add --preset NAME (generic, for the usual names).");
            using var connection = Connection.AsSender(result.GetValue(url));
            var outgoing = new OutgoingEvent
            {
                Address = new Uri(connection.Address, "/webhooks/" + Uri.EscapeDataString(slug) + (result.GetValue(urlSecret) is { } s ? "/" + Uri.EscapeDataString(s) : "")),
                Preset = found,
                Sample = result.GetValue(file) is null ? Sample(found!, result.GetValue(sample)!) : null,
                File = result.GetValue(file) is { } given ? await Files.ReadAsync(given, cancellationToken) : null,
                ContentType = result.GetValue(contentType) ?? "application/json",
                AsIs = result.GetValue(asIs),
                FreshIds = result.GetValue(freshIds),
                Secret = result.GetValue(secret) ?? Environment.GetEnvironmentVariable("AUTOMATION_SECRET"),
                Scheme = result.GetValue(scheme),
                User = result.GetValue(user),
                Headers = result.GetValue(header) ?? [],
            };
            return await SendAsync(connection, outgoing, result.GetValue(repeat), result.GetValue(rate), cancellationToken);
        }));
        return command;
    }

    private static async Task<int> SendAsync(Connection connection, OutgoingEvent outgoing, int repeat, double? rate, CancellationToken cancellationToken)
    {
        var answers = new ConcurrentDictionary<int, int>();
        var times = new ConcurrentBag<TimeSpan>();
        var began = Stopwatch.GetTimestamp();
        if (rate is null)
        {
            // One after another, in order: it ends with the first that is refused.
            for (var i = 0; i < repeat; i++)
            {
                var status = await OneAsync(show: true);
                if (status is < 200 or > 299)
                    return Exit.Refused;
            }

            return Exit.Done;
        }

        using var room = new SemaphoreSlim(AtOnce);
        var sending = new List<Task>();
        for (var i = 0; i < repeat; i++)
        {
            var early = TimeSpan.FromSeconds(i / rate.Value) - Stopwatch.GetElapsedTime(began);
            if (early > TimeSpan.Zero)
                await Task.Delay(early, TimeProvider.System, cancellationToken);
            await room.WaitAsync(cancellationToken);
            sending.Add(InTurnAsync());
            sending.RemoveAll(t => t.IsCompletedSuccessfully);
        }

        await Task.WhenAll(sending);
        foreach (var (status, count) in answers.OrderBy(a => a.Key))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,10}  answered {status}"));
        var sorted = times.Order().ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{repeat / Stopwatch.GetElapsedTime(began).TotalSeconds:F0} events/s; answered in {sorted[sorted.Count / 2].TotalMilliseconds:F1} ms (median), {sorted[Math.Min(sorted.Count - 1, sorted.Count * 99 / 100)].TotalMilliseconds:F1} ms (99 of 100)"));
        return answers.Keys.All(s => s is >= 200 and <= 299) ? Exit.Done : Exit.Refused;

        async Task InTurnAsync()
        {
            try
            {
                await OneAsync(show: false);
            }
            finally
            {
                room.Release();
            }
        }

        async Task<int> OneAsync(bool show)
        {
            using var request = outgoing.ToRequest(TimeProvider.System.GetUtcNow());
            var sent = Stopwatch.GetTimestamp();
            using var answer = await connection.SendAsync(request, cancellationToken);
            var body = await answer.Content.ReadAsStringAsync(cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(sent));
            answers.AddOrUpdate((int)answer.StatusCode, 1, (_, n) => n + 1);
            if (show)
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {answer.ReasonPhrase}  {Id(answer)}{body}").TrimEnd());
            return (int)answer.StatusCode;
        }
    }

    private static string Id(HttpResponseMessage answer) => answer.Headers.TryGetValues("Automation-Event-Id", out var ids) ? ids.First() + "  " : "";

    private static PresetCatalog Presets(DirectoryInfo? directory)
    {
        try
        {
            return PresetCatalog.Load(directory?.FullName);
        }
        catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(Exit.Misused, e.Message);
        }
    }

    private static SampleEvent Sample(Preset preset, string name) => preset.Samples.FirstOrDefault(s => s.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new CommandException(Exit.Misused, $"{preset.Title} has no sample \"{name}\". There are: {string.Join(", ", preset.Samples.Select(s => s.Name))}.");

    private static int List(Preset preset)
    {
        Console.WriteLine($"Samples of {preset.Title}:");
        foreach (var sample in preset.Samples)
            Console.WriteLine("  " + sample.Name);
        if (preset.Verification.Count > 0)
            Console.WriteLine($"Signed with --secret by: {string.Join(", ", preset.Verification.Select(s => s.Name))}");
        return Exit.Done;
    }
}
