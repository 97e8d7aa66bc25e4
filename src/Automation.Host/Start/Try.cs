namespace Automation.Host.Start;

/// <summary>Lines that work when pasted: the first steps of somebody new.</summary>
internal static class Try
{
    /// <summary>A call that has just ended; its id is of now, so that pasting it again is a new event.</summary>
    public static string Sample(DateTimeOffset now) =>
        $$$"""{"event_type":"call_ended","call_id":"call-{{{now.ToUnixTimeSeconds()}}}","timestamp":"{{{now.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}}}","data":{"duration_seconds":42,"outcome":"completed"}}""";

    public static string Curl(string address, string body) =>
        $"curl -i {address}/webhooks/flyflow -H 'Content-Type: application/json' -d '{body}'";

    public static string Look(string address, string? key) =>
        $"curl -s {address}/api/events -H 'Authorization: ApiKey {key ?? "YOUR-ADMIN-KEY"}'";
}
