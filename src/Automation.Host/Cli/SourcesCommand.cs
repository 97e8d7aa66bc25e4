using System.CommandLine;
using System.Text.Json;

namespace Automation.Host.Cli;

/// <summary><c>sources</c>: what the server takes events from.</summary>
internal static class SourcesCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var url = Connection.UrlOption();
        var key = Connection.KeyOption();
        var command = new Command("sources", "Lists the server's sources and how each verifies its sender.") { json, url, key };
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            using var connection = Connection.To(result.GetValue(url), result.GetValue(key));
            var sources = await connection.CallAsync(HttpMethod.Get, "/api/sources", null, cancellationToken);
            if (result.GetValue(json))
            {
                Console.WriteLine(sources.GetRawText());
                return Exit.Done;
            }

            Console.WriteLine($"{"source",-24} {"preset",-24} {"verification",-14} address");
            foreach (var source in sources.EnumerateArray())
            {
                var slug = source.GetProperty("slug").GetString();
                Console.WriteLine($"{slug,-24} {source.GetProperty("preset").GetString(),-24} {How(source),-14} {new Uri(connection.Address, "/webhooks/" + slug)}");
            }

            return Exit.Done;
        }));
        return command;
    }

    private static string How(JsonElement source) =>
        source.GetProperty("verified").GetBoolean() ? "verified" : source.GetProperty("open").GetBoolean() ? "open" : "needs a secret";
}
