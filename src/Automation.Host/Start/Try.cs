namespace Automation.Host.Start;

/// <summary>Lines that work when pasted: the first steps of somebody new.</summary>
internal static class Try
{
    public static string Curl(string address, string body) =>
        $"curl -i {address}/webhooks/flyflow -H 'Content-Type: application/json' -d '{body}'";

    public static string Look(string address, string? key) =>
        $"curl -s {address}/api/events -H 'Authorization: ApiKey {key ?? "YOUR-ADMIN-KEY"}'";
}
