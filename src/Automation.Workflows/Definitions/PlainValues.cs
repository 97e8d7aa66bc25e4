using System.Text.Json;

namespace Automation.Workflows.Definitions;

/// <summary>Plain values (what activities take and give) as JSON and text, for activities outside of this assembly.</summary>
public static class PlainValues
{
    /// <summary>The value as UTF-8 JSON.</summary>
    public static byte[] ToJson(object? value) => JsonValues.ToUtf8(value);

    /// <summary>The value as JSON text.</summary>
    public static string ToJsonText(object? value) => JsonValues.ToText(value);

    /// <summary>Reads JSON text.</summary>
    /// <returns>False where the text is no JSON.</returns>
    public static bool TryParse(string json, out object? value) => JsonValues.TryParse(json, out value);

    /// <summary>A JSON element as a plain value.</summary>
    public static object? From(JsonElement element) => JsonValues.FromElement(element);

    /// <summary>The value as people read it: text as it is, numbers with a point.</summary>
    public static string ToText(object value) => ValueConverter.ToText(value);
}
