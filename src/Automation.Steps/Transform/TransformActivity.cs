using Automation.Steps.Activities;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Transform;

/// <summary>Computes one value from its inputs, inside the burst. What is wrong with an input is an incident that names it.</summary>
internal abstract class TransformActivity : Activity
{
    /// <summary>A value that may have been typed as JSON text; other text stays text.</summary>
    protected static object? Read(object? value, string name) =>
        value is string text && text.AsSpan().TrimStart() is ['{' or '[', ..] ? StepInputs.Parsed(text, name) : value;

    /// <exception cref="FormatException">The value is no list.</exception>
    protected static IReadOnlyList<object?> List(object? value, string name) => Read(value, name) switch
    {
        null or "" => [],
        var given => PlainJson.Elements(given)?.ToList() ?? throw new FormatException($"{name} is no list."),
    };

    /// <summary>The member at a path such as <c>data.items.0.id</c>; null where there is none.</summary>
    protected static object? At(object? value, string path)
    {
        foreach (var name in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            if (PlainJson.Members(value) is { } members)
                value = members.Where(m => m.Key == name).Select(m => m.Value).FirstOrDefault();
            else if (PlainJson.Elements(value) is { } elements && int.TryParse(name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var index))
                value = elements.ElementAtOrDefault(index);
            else
                return null;
        }

        return value;
    }

    /// <summary>A new object of members of another, each with its new name.</summary>
    protected static Dictionary<string, object?> Pick(object? value, IEnumerable<KeyValuePair<string, object?>> members) =>
        members.ToDictionary(m => m.Key, m => At(value, PlainJson.AsText(m.Value)), StringComparer.Ordinal);

    /// <exception cref="FormatException">The value is no object.</exception>
    protected static IEnumerable<KeyValuePair<string, object?>> MembersOf(object? value) =>
        PlainJson.Members(StepInputs.Parsed(value, "Members")) ?? throw new FormatException("Members is no object. Give one such as {\"id\":\"data.id\"}.");

    /// <summary>What makes two values the same: their JSON.</summary>
    protected static string Identity(object? value) => PlainJson.ToText(value);
}
