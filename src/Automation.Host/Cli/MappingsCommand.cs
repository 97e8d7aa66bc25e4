using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using static System.FormattableString;

namespace Automation.Host.Cli;

/// <summary><c>mappings list|check|apply|show|history|restore</c>: the rules that say which events start which workflow.</summary>
internal static class MappingsCommand
{
    public static Command Create()
    {
        var command = new Command("mappings", "Shows, checks and replaces the server's mapping rules.");
        command.Add(List());
        command.Add(Check());
        command.Add(Apply());
        command.Add(Show());
        command.Add(History());
        command.Add(Restore());
        return command;
    }

    private static Command Check()
    {
        var file = File();
        return On("check", "Checks a mappings file against the server's expressions and options, without using it.", [file], async (connection, result, cancellationToken) =>
        {
            using var content = await ContentAsync(result.GetRequiredValue(file), cancellationToken);
            var name = Uri.EscapeDataString(result.GetRequiredValue(file).Name);
            var check = await connection.CallAsync(HttpMethod.Post, "/api/mappings/check?file=" + name, content, cancellationToken);
            if (check.GetProperty("problem").GetString() is { } problem)
                throw new CommandException(Exit.Refused, problem);
            Console.WriteLine($"The file is good: {Rules(check.GetProperty("rules").GetInt32())}.");
            Warn(check);
        });
    }

    private static Command Apply()
    {
        var file = File();
        var note = new Option<string?>("--note") { Description = "Kept with the version." };
        var expect = new Option<long?>("--expect") { Description = "The version that must be in force now; otherwise nothing is changed." };
        return On("apply", "Checks a mappings file and puts it in force at once, at all servers of a database.", [file, note, expect], async (connection, result, cancellationToken) =>
        {
            using var content = await ContentAsync(result.GetRequiredValue(file), cancellationToken);
            var path = "/api/mappings?file=" + Uri.EscapeDataString(result.GetRequiredValue(file).Name) + (result.GetValue(note) is { } text ? "&note=" + Uri.EscapeDataString(text) : "");
            Tell(await connection.CallAsync(HttpMethod.Put, path, content, cancellationToken, result.GetValue(expect) is { } seen ? ("If-Match", Invariant($"\"{seen}\"")) : null));
        });
    }

    private static Command Show()
    {
        var version = new Argument<long?>("version") { Description = "A version of the history. Default: what is in force.", Arity = ArgumentArity.ZeroOrOne };
        return On("show", "Prints the mappings file in force, or that of a version.", [version], async (connection, result, cancellationToken) =>
        {
            if (result.GetValue(version) is not { } number)
            {
                using var content = await connection.OpenAsync("/api/mappings/file", "application/json", cancellationToken);
                Console.WriteLine((await content.ReadToEndAsync(cancellationToken)).TrimEnd());
            }
            else
            {
                Console.WriteLine((await connection.CallAsync(HttpMethod.Get, Invariant($"/api/mappings/history/{number}"), null, cancellationToken)).GetProperty("content").GetString()!.TrimEnd());
            }
        });
    }

    private static Command History()
    {
        var rule = new Option<string?>("--rule") { Description = "Only changes of this rule." };
        var count = new Option<int>("--count") { Description = "How many changes at most, 1 to 100.", DefaultValueFactory = _ => 20 };
        return On("history", "Tells who changed which rule when, latest first.", [rule, count], async (connection, result, cancellationToken) =>
        {
            var path = Invariant($"/api/mappings/history?take={result.GetValue(count)}") + (result.GetValue(rule) is { } id ? "&rule=" + Uri.EscapeDataString(id) : "");
            var page = await connection.CallAsync(HttpMethod.Get, path, null, cancellationToken);
            foreach (var change in page.GetProperty("items").EnumerateArray())
            {
                var by = Text(change, "by") ?? "the mappings file";
                var note = Text(change, "note") is { } text ? $": {text}" : "";
                Console.WriteLine($"{change.GetProperty("version").GetInt64()}  {change.GetProperty("at").GetDateTimeOffset():yyyy-MM-dd HH:mm:ssZ}  {by}{note}");
                foreach (var changed in change.GetProperty("changes").EnumerateArray())
                    Console.WriteLine($"    {Text(changed, "ruleId")} {Text(changed, "what")}");
                if (change.GetProperty("reordered").GetBoolean())
                    Console.WriteLine("    rules in another order");
            }

            if (page.GetProperty("items").GetArrayLength() == 0)
                Console.WriteLine(result.GetValue(rule) is { } unknown ? $"No version that is kept changed a rule \"{unknown}\"." : "There is no version yet.");
        });
    }

    private static Command Restore()
    {
        var version = new Argument<long>("version") { Description = "The version to put back." };
        return On("restore", "Puts an earlier version back, as a new one.", [version], async (connection, result, cancellationToken) =>
            Tell(await connection.CallAsync(HttpMethod.Post, Invariant($"/api/mappings/history/{result.GetValue(version)}/restore"), null, cancellationToken)));
    }

    private static void Tell(JsonElement mappings)
    {
        Console.WriteLine(Invariant($"Version {mappings.GetProperty("version").GetInt64()} is in force: {Rules(mappings.GetProperty("rules").GetArrayLength())}, with those that workflows begin with."));
        Warn(mappings);
    }

    /// <summary>Tells of what rules name that is not there. It is for people: a script goes by the exit code, which stays 0.</summary>
    private static void Warn(JsonElement answer)
    {
        foreach (var warning in answer.GetProperty("warnings").EnumerateArray())
            Console.Error.WriteLine("Warning: " + warning.GetString());
    }

    private static string Rules(int count) => count == 1 ? "1 rule" : Invariant($"{count} rules");

    private static Command List()
    {
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var url = Connection.UrlOption();
        var key = Connection.KeyOption();
        var command = new Command("list", "Lists the rules in force, in the order in which they are tried.") { json, url, key };
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            using var connection = Connection.To(result.GetValue(url), result.GetValue(key));
            var mappings = await connection.CallAsync(HttpMethod.Get, "/api/mappings", null, cancellationToken);
            if (result.GetValue(json))
            {
                Console.WriteLine(mappings.GetRawText());
                return Exit.Done;
            }

            Console.WriteLine($"{"rule",-28} {"source",-20} {"type",-24} workflow");
            foreach (var rule in mappings.GetProperty("rules").EnumerateArray())
                Console.WriteLine($"{Text(rule, "id"),-28} {Text(rule, "source"),-20} {Text(rule, "type"),-24} {Text(rule, "workflow")}{Notes(rule)}");
            Warn(mappings);
            if (mappings.GetProperty("problem").GetString() is not { } problem)
                return Exit.Done;
            await Console.Error.WriteLineAsync("The file as it is now is not in force: " + problem);
            return Exit.Refused;
        }));
        return command;
    }

    private static string Notes(JsonElement rule)
    {
        var notes = new List<string>();
        if (!rule.GetProperty("enabled").GetBoolean())
            notes.Add("switched off");
        if (Text(rule, "filter") is { } filter)
            notes.Add("if " + filter);
        if (rule.GetProperty("flow").ValueKind == JsonValueKind.Object)
            notes.Add("with flow control");
        return notes.Count == 0 ? "" : $"  ({string.Join(", ", notes)})";
    }

    private static string? Text(JsonElement rule, string name) => rule.GetProperty(name).GetString();

    private static Argument<FileInfo> File() => new("file") { Description = "The mappings file." };

    private static async Task<HttpContent> ContentAsync(FileInfo file, CancellationToken cancellationToken) =>
        new ByteArrayContent(await Files.ReadAsync(file, cancellationToken)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private static Command On(string name, string description, Symbol[] symbols, Func<Connection, ParseResult, CancellationToken, Task> work)
    {
        var url = Connection.UrlOption();
        var key = Connection.KeyOption();
        var command = new Command(name, description);
        foreach (var argument in symbols.OfType<Argument>())
            command.Add(argument);
        foreach (var option in symbols.OfType<Option>())
            command.Add(option);
        command.Add(url);
        command.Add(key);
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            using var connection = Connection.To(result.GetValue(url), result.GetValue(key));
            await work(connection, result, cancellationToken);
            return Exit.Done;
        }));
        return command;
    }
}

/// <summary>Files that the command line names.</summary>
internal static class Files
{
    /// <exception cref="CommandException">It cannot be read.</exception>
    public static async Task<byte[]> ReadAsync(FileInfo file, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllBytesAsync(file.FullName, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(Exit.Misused, $"{file.FullName} cannot be read: {e.Message}");
        }
    }
}
