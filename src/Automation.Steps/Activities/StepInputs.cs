using System.Globalization;
using System.Text.Json;
using Automation.Steps.Values;

namespace Automation.Steps.Activities;

/// <summary>The evaluated inputs of a step, read by name.</summary>
internal readonly struct StepInputs(IReadOnlyDictionary<string, object?> inputs)
{
    public object? this[string name] => inputs.GetValueOrDefault(name) is var value && IsNothing(value) ? null : value;

    /// <summary>A text; empty where nothing is given.</summary>
    public string Text(string name) => PlainJson.AsText(this[name]);

    /// <exception cref="FormatException">The value is no whole number.</exception>
    public long? Integer(string name) => this[name] switch
    {
        null or "" => null,
        long n => n,
        int n => n,
        var value => long.TryParse(PlainJson.AsText(value), NumberStyles.Integer, CultureInfo.InvariantCulture, out var n)
            ? n
            : throw new FormatException($"{name} is \"{PlainJson.AsText(value)}\"; it must be a whole number."),
    };

    /// <exception cref="FormatException">The value is no number.</exception>
    public decimal? Number(string name) => this[name] switch
    {
        null or "" => null,
        var value => decimal.TryParse(PlainJson.AsText(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var n)
            ? n
            : throw new FormatException($"{name} is \"{PlainJson.AsText(value)}\"; it must be a number."),
    };

    /// <exception cref="FormatException">The value is no time span.</exception>
    public TimeSpan? Duration(string name) => this[name] switch
    {
        null or "" => null,
        TimeSpan span => span,
        var value => TimeSpan.TryParse(PlainJson.AsText(value), CultureInfo.InvariantCulture, out var span)
            ? span
            : throw new FormatException($"{name} is \"{PlainJson.AsText(value)}\"; it must be a time span such as 00:00:30 or 30.00:00:00."),
    };

    /// <summary>A value that may have been typed as JSON text; null where there is nothing.</summary>
    /// <exception cref="FormatException">The text is no JSON.</exception>
    public static object? Parsed(object? value, string name)
    {
        if (value is JsonElement { ValueKind: JsonValueKind.String } element)
            value = element.GetString();
        if (value is not string text)
            return value;
        if (string.IsNullOrWhiteSpace(text))
            return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new FormatException($"{name} is not JSON: {e.Message}", e);
        }
    }

    private static bool IsNothing(object? value) => value is null or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined };
}
