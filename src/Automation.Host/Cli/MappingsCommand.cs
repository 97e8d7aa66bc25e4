using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Automation.Host.Cli;

/// <summary><c>mappings list|check|apply</c>: the rules that say which events start which workflow.</summary>
internal static class MappingsCommand
{
    public static Command Create()
    {
        var command = new Command("mappings", "Shows, checks and replaces the server's mapping rules.");
        command.Add(List());
        command.Add(WithFile("check", "Checks a mappings file against the server's expressions and options, without using it.", async (connection, content, cancellationToken) =>
        {
            var check = await connection.CallAsync(HttpMethod.Post, "/api/mappings/check", content, cancellationToken);
            if (check.GetProperty("problem").GetString() is { } problem)
                throw new CommandException(Exit.Refused, problem);
            Console.WriteLine($"The file is good: {check.GetProperty("rules").GetInt32()} rules.");
        }));
        command.Add(WithFile("apply", "Checks a mappings file, writes it in place of the server's, and uses it at once.", async (connection, content, cancellationToken) =>
        {
            var mappings = await connection.CallAsync(HttpMethod.Put, "/api/mappings", content, cancellationToken);
            Console.WriteLine($"{mappings.GetProperty("rules").GetArrayLength()} rules are in force.");
        }));
        return command;
    }

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

    private static Command WithFile(string name, string description, Func<Connection, HttpContent, CancellationToken, Task> work)
    {
        var file = new Argument<FileInfo>("file") { Description = "The mappings file." };
        var url = Connection.UrlOption();
        var key = Connection.KeyOption();
        var command = new Command(name, description) { file, url, key };
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            using var connection = Connection.To(result.GetValue(url), result.GetValue(key));
            var bytes = await Files.ReadAsync(result.GetRequiredValue(file), cancellationToken);
            using var content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            await work(connection, content, cancellationToken);
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
