using System.CommandLine;
using System.Text;

namespace Automation.Host.Cli;

/// <summary><c>verify SOURCE FILE</c>: why a captured request is verified or not.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "The source's slug." };
        var file = new Argument<FileInfo>("file") { Description = "The request as captured: headers, one a line, with or without the request line before them; an empty line; the body byte for byte." };
        var at = new Option<DateTimeOffset?>("--at") { Description = "When it came; signed timestamps are judged by it. Default: now.", CustomParser = EventFilterOptions.Time };
        var ip = new Option<string?>("--ip") { Description = "Where it came from, for address lists." };
        var requestUrl = new Option<string?>("--request-url") { Description = "The whole URL as the sender called it, for senders that sign it." };
        var url = Connection.UrlOption();
        var key = Connection.KeyOption();
        var command = new Command("verify", "Explains why the server would accept or refuse a captured request: which header, which bytes, which expected prefix; never a secret.") { source, file, at, ip, requestUrl, url, key };
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(async () =>
        {
            using var connection = Connection.To(result.GetValue(url), result.GetValue(key));
            var captured = Capture.Read(await Files.ReadAsync(result.GetRequiredValue(file), cancellationToken));
            using var content = Connection.Json(new
            {
                headers = captured.Headers,
                bodyBase64 = Convert.ToBase64String(captured.Body),
                query = captured.Query,
                urlSecret = captured.UrlSecret,
                remoteIp = result.GetValue(ip),
                url = result.GetValue(requestUrl),
                at = result.GetValue(at),
            });
            var explanation = await connection.CallAsync(HttpMethod.Post, $"/api/sources/{Uri.EscapeDataString(result.GetRequiredValue(source))}/verify", content, cancellationToken);
            foreach (var step in explanation.GetProperty("steps").EnumerateArray())
                Console.WriteLine("  " + step.GetString());
            var accepted = explanation.GetProperty("accepted").GetBoolean();
            Console.WriteLine($"{(accepted ? "Accepted" : "Refused")}: {explanation.GetProperty("verdict").GetString()}");
            return accepted ? Exit.Done : Exit.Refused;
        }));
        return command;
    }
}

/// <summary>A request as proxies and capture tools print it.</summary>
internal sealed record Capture(Dictionary<string, string> Headers, byte[] Body, string Query, string? UrlSecret)
{
    /// <exception cref="CommandException">It is no request.</exception>
    public static Capture Read(byte[] file)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var (query, secret) = ("", (string?)null);
        var at = 0;
        for (var number = 1; at < file.Length; number++)
        {
            var end = Array.IndexOf(file, (byte)'\n', at);
            end = end < 0 ? file.Length : end;
            var line = Encoding.Latin1.GetString(file, at, end - at).TrimEnd('\r');
            at = Math.Min(end + 1, file.Length);
            if (line.Length == 0)
                break;
            if (number == 1 && line.Split(' ') is [_, var target, ..] && target.StartsWith('/'))
            {
                var mark = target.IndexOf('?', StringComparison.Ordinal);
                query = mark < 0 ? "" : target[mark..];
                secret = (mark < 0 ? target : target[..mark]).Split('/') is [_, "webhooks", _, { Length: > 0 } segment] ? Uri.UnescapeDataString(segment) : null;
            }
            else if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                var (name, value) = (line[..colon].Trim(), line[(colon + 1)..].Trim());
                headers[name] = headers.TryGetValue(name, out var before) ? before + "," + value : value;
            }
            else
            {
                throw new CommandException(Exit.Misused, $"Line {number} is \"{line}\", which is no header. Headers are wanted, then an empty line, then the body.");
            }
        }

        return new Capture(headers, file[at..], query, secret);
    }
}
