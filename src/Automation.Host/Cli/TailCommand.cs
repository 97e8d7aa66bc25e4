using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Automation.Host.Cli;

/// <summary><c>tail</c>: events as they come.</summary>
internal static class TailCommand
{
    public static Command Create()
    {
        var filter = new EventFilterOptions(withTime: false);
        var json = new Option<bool>("--json") { Description = "One JSON object a line instead of columns." };
        var count = new Option<int?>("--count") { Description = "Ends after so many events. Default: goes on until it is interrupted." };
        var url = Connection.UrlOption();
        var key = Connection.KeyOption();
        var command = new Command("tail", "Shows events as they are stored, until it is interrupted.") { json, count, url, key };
        filter.AddTo(command);
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            using var connection = Connection.To(result.GetValue(url), result.GetValue(key));
            using var reader = await connection.OpenAsync("/api/events/stream" + filter.Query(result), "text/event-stream", cancellationToken);
            await Console.Error.WriteLineAsync($"Events of {connection.Address} from now on; Ctrl+C ends.");
            var left = result.GetValue(count) ?? int.MaxValue;
            while (left > 0 && await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                if (!line.StartsWith("data: ", StringComparison.Ordinal))
                    continue;
                await Console.Out.WriteLineAsync(result.GetValue(json) ? line["data: ".Length..] : Columns(JsonElement.Parse(line["data: ".Length..])));
                left--;
            }

            return left == 0 || cancellationToken.IsCancellationRequested ? Exit.Done : throw new CommandException(Exit.Unreachable, "The server has closed the stream.");
        }));
        return command;
    }

    private static string Columns(JsonElement e)
    {
        var reason = Text("reason") is { } why ? "  " + why : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{e.GetProperty("receivedAt").GetDateTimeOffset().ToLocalTime():HH:mm:ss.fff}  {Text("status"),-9}  {e.GetProperty("answer").GetInt32()}  {Text("source"),-22} {Text("type") ?? "–",-28} {Text("correlationKey") ?? "–",-24} {Text("id")}{reason}");

        string? Text(string name) => e.GetProperty(name).GetString();
    }
}
