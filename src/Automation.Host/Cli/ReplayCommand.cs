using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Automation.Host.Cli;

/// <summary><c>replay</c>: routes copies of stored events.</summary>
internal static class ReplayCommand
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(300);

    public static Command Create()
    {
        var id = new Argument<string?>("event") { Description = "Id of one event. Without it all events of the filter are replayed, in the order stored.", Arity = ArgumentArity.ZeroOrOne };
        var filter = new EventFilterOptions(withTime: true);
        var dryRun = new Option<bool>("--dry-run") { Description = "Only says what would start; of one event, what every rule says to it." };
        var all = new Option<bool>("--all") { Description = "Replays without any filter; a guard against replaying everything by mistake." };
        var url = Connection.UrlOption();
        var key = Connection.KeyOption();
        var command = new Command("replay", "Replays one event or all of a filter, by the rules now in force. Copies are marked as replays. An interrupt cancels; what was replayed until then stays.") { id, dryRun, all, url, key };
        filter.AddTo(command);
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            using var connection = Connection.To(result.GetValue(url), result.GetValue(key));
            var given = filter.Given(result);
            if (result.GetValue(id) is { } one)
            {
                if (given.Count > 0 || result.GetValue(all))
                    throw new CommandException(Exit.Misused, "Either one event is replayed or those of a filter, not both.");
                return result.GetValue(dryRun) ? await ExplainAsync(connection, one, cancellationToken) : await OneAsync(connection, one, cancellationToken);
            }


            if (given.Count == 0 && !result.GetValue(all))
                throw new CommandException(Exit.Misused, "Which events? Give an id, a filter such as --source flyflow --status Failed, or --all.");
            return await ManyAsync(connection, given, result.GetValue(dryRun), cancellationToken);
        }));
        return command;
    }

    private static async Task<int> OneAsync(Connection connection, string id, CancellationToken cancellationToken)
    {
        var copy = await connection.CallAsync(HttpMethod.Post, $"/api/events/{Uri.EscapeDataString(id)}/replay", null, cancellationToken);
        Console.WriteLine($"Replayed as {copy.GetProperty("id").GetString()}");
        return Exit.Done;
    }

    /// <summary>What every rule says to an event as it would come now.</summary>
    private static async Task<int> ExplainAsync(Connection connection, string id, CancellationToken cancellationToken)
    {
        var found = await connection.CallAsync(HttpMethod.Get, "/api/events/" + Uri.EscapeDataString(id), null, cancellationToken);
        if (found.GetProperty("body").GetString() is not { } body)
            throw new CommandException(Exit.Refused, "The event's body is no text, so no rule can be asked about it.");
        using var content = Connection.Json(new { headers = found.GetProperty("headers"), body });
        var source = found.GetProperty("event").GetProperty("source").GetString()!;
        var preview = await connection.CallAsync(HttpMethod.Post, $"/api/sources/{Uri.EscapeDataString(source)}/preview", content, cancellationToken);
        if (preview.GetProperty("problem").GetString() is { } problem)
            throw new CommandException(Exit.Refused, "It would not be taken now: " + problem);
        var rules = preview.GetProperty("decision").GetProperty("rules").EnumerateArray().OrderByDescending(r => r.GetProperty("matches").GetBoolean()).ToList();
        foreach (var rule in rules)
        {
            var flow = rule.GetProperty("flow").GetString() is { } text ? " " + text : "";
            Console.WriteLine($"{(rule.GetProperty("matches").GetBoolean() ? "starts" : "does not start")} {rule.GetProperty("workflow").GetString()}, rule {rule.GetProperty("ruleId").GetString()}: {rule.GetProperty("why").GetString()}{flow}");
        }

        if (!rules.Exists(r => r.GetProperty("matches").GetBoolean()))
            Console.WriteLine("No rule wants it: a replay would start nothing.");
        return Exit.Done;
    }

    private static async Task<int> ManyAsync(Connection connection, Dictionary<string, string> given, bool dryRun, CancellationToken cancellationToken)
    {
        var request = given.ToDictionary(g => g.Key, object (g) => g.Value, StringComparer.Ordinal);
        request["dryRun"] = dryRun;
        using var content = Connection.Json(request);
        var run = await connection.CallAsync(HttpMethod.Post, "/api/replays", content, cancellationToken);
        var path = "/api/replays/" + run.GetProperty("id").GetString();
        var shown = "";
        while (run.GetProperty("state").GetString() == "Running")
        {
            try
            {
                await Task.Delay(Pace, TimeProvider.System, cancellationToken);
                run = await connection.CallAsync(HttpMethod.Get, path, null, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                run = await connection.CallAsync(HttpMethod.Post, path + "/cancel", null, CancellationToken.None);
            }

            if (Progress(run, dryRun) is var line && line != shown)
                await Console.Error.WriteLineAsync(shown = line);
        }

        foreach (var start in run.GetProperty("starts").EnumerateObject())
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{start.Value.GetInt64(),10}  {start.Name}"));
        var state = run.GetProperty("state").GetString();
        // What ended early did not look at all of them.
        var all = state == "Finished" ? Of(run.GetProperty("done")) : Of(run.GetProperty("total"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{state}: {run.GetProperty("replayed").GetInt64()}{all} events {(dryRun ? "would be" : "were")} replayed."));
        if (run.GetProperty("done").GetInt64() - run.GetProperty("replayed").GetInt64() is > 0 and var unwanted)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(unwanted == 1 ? "1 event is" : $"{unwanted} events are")} wanted by no rule; replay EVENT --dry-run says why."));
        if (run.GetProperty("problem").GetString() is { } problem)
            await Console.Error.WriteLineAsync(problem);
        return state == "Finished" ? Exit.Done : Exit.Refused;
    }

    /// <summary>How many there are is counted while the first are looked at already.</summary>
    private static string Of(JsonElement count) => count.ValueKind == JsonValueKind.Number ? string.Create(CultureInfo.InvariantCulture, $" of {count.GetInt64()}") : "";

    private static string Progress(JsonElement run, bool dryRun) =>
        string.Create(CultureInfo.InvariantCulture, $"{run.GetProperty("done").GetInt64()}{Of(run.GetProperty("total"))} events looked at, {run.GetProperty("replayed").GetInt64()} {(dryRun ? "would be replayed" : "replayed")}");
}
