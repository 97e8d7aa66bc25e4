using System.Text.Json;
using Automation.Workflows.Definitions;

namespace Automation.Studio.Api;

/// <summary>Between JSON and the plain values of the engine.</summary>
internal static class Json
{
    public static JsonElement EmptyObject { get; } = JsonElement.Parse("{}");

    public static JsonElement? ToElement(object? value) => value is null ? null : JsonElement.Parse(JsonValues.ToUtf8(value));

    /// <summary>Values by name, for inputs and variables; null stays null.</summary>
    public static Dictionary<string, object?>? ToPlain(IReadOnlyDictionary<string, JsonElement>? values) =>
        values?.ToDictionary(v => v.Key, v => JsonValues.FromElement(v.Value), StringComparer.Ordinal);

    public static object? ToPlain(JsonElement? value) => value is { } element ? JsonValues.FromElement(element) : null;
}
