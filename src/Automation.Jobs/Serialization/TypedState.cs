using System.Text.Json;

namespace Automation.Jobs.Serialization;

/// <summary>The state that a continuation enters, as Hangfire writes it: its type's name first, then its members.</summary>
internal sealed record TypedState(string Name, string? Queue, DateTime? EnqueueAt, string? Reason)
{
    public static string Enqueued(string queue) => $$"""{"$type":"Hangfire.States.EnqueuedState, Hangfire.Core","Queue":"{{queue}}"}""";

    public static string Scheduled(DateTime enqueueAt) =>
        $$"""{"$type":"Hangfire.States.ScheduledState, Hangfire.Core","EnqueueAt":"{{enqueueAt.ToString("O", System.Globalization.CultureInfo.InvariantCulture)}}"}""";

    /// <summary>Reads a state; the names of its types are compared, never loaded.</summary>
    /// <exception cref="JobLoadException">It is none that is known here.</exception>
    public static TypedState Read(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(string.IsNullOrEmpty(json) ? "null" : json);
            var root = document.RootElement;
            var type = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("$type", out var t) ? t.GetString() ?? "" : "";
            var comma = type.IndexOf(',', StringComparison.Ordinal);
            var name = (comma < 0 ? type : type[..comma]).Trim() switch
            {
                "Hangfire.States.EnqueuedState" => JobStates.Enqueued,
                "Hangfire.States.ScheduledState" => JobStates.Scheduled,
                "Hangfire.States.DeletedState" => JobStates.Deleted,
                _ => throw new JobLoadException($"The next state \"{type}\" is not known here."),
            };
            return new TypedState(name, Text(root, "Queue"), JobTime.Parse(Text(root, "EnqueueAt")), Text(root, "Reason"));
        }
        catch (JsonException e)
        {
            throw new JobLoadException($"The next state is not valid JSON: {e.Message}", e);
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
