using System.Globalization;
using System.Text;
using System.Text.Json;
using Automation.Intake.Events;
using Automation.Intake.Identification;

namespace Automation.Intake.Mapping;

/// <summary>An event as filters, inputs and workflows see it; the payload is read when it is first asked for.</summary>
internal sealed class EventPayload
{
    private readonly Lazy<object?> _payload;
    private IReadOnlyDictionary<string, object?>? _event;

    public EventPayload(IncomingEvent incoming)
    {
        Incoming = incoming;
        _payload = new Lazy<object?>(() => incoming.IsForm ? ReadForm(incoming.Body) : JsonElement.Parse(PayloadReader.WithoutMark(incoming.Body)));
    }

    public IncomingEvent Incoming { get; }

    /// <summary>All events of the start where it has several, oldest first; this is the last of them.</summary>
    public IReadOnlyList<object?>? Batch { get; init; }

    /// <summary>The events that start a workflow together: mostly this one alone.</summary>
    public IReadOnlyList<object?> Events => Batch ?? [Event];

    /// <summary>The body: a <see cref="JsonElement"/>, or a dictionary of a form's fields.</summary>
    public object? Payload => _payload.Value;

    /// <summary>The event with its payload, under the names that expressions use.</summary>
    public IReadOnlyDictionary<string, object?> Event => _event ??= new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["id"] = Incoming.Id,
        ["source"] = Incoming.Source,
        ["type"] = Incoming.Type,
        ["correlationKey"] = Incoming.CorrelationKey,
        ["occurredAt"] = Incoming.OccurredAt,
        ["receivedAt"] = Incoming.ReceivedAt,
        ["replayOf"] = Incoming.ReplayOf,
        ["payload"] = Payload,
    };

    /// <summary>The value at a path; null where there is none.</summary>
    public object? At(string path)
    {
        switch (path)
        {
            case "$payload":
                return Payload;
            case "$event":
                return Event;
            case "$events":
                return Events;
            case ['$', .. var name] when Event.TryGetValue(name, out var own):
                return own;
        }

        if (Payload is not JsonElement element)
            return (Payload as IReadOnlyDictionary<string, object?>)?.GetValueOrDefault(path);
        foreach (var name in path.Split('.'))
        {
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var child))
                element = child;
            else if (element.ValueKind == JsonValueKind.Array && int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var i) && i < element.GetArrayLength())
                element = element[i];
            else
                return null;
        }

        return Plain(element);
    }

    /// <summary>Scalars as plain values; objects and arrays stay lazy.</summary>
    public static object? Plain(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => element.TryGetInt64(out var number) ? (object)number : element.GetDouble(),
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        _ => element,
    };

    private static Dictionary<string, object?> ReadForm(byte[] body)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in FormFields.Read(body))
            fields[name] = value;
        return fields;
    }
}

/// <summary>Text with values of an event in it, as mapping rules write it.</summary>
internal sealed class EventTemplate
{
    private readonly (bool IsPath, string Text)[] _parts;

    private EventTemplate((bool IsPath, string Text)[] parts) => _parts = parts;

    /// <exception cref="FormatException">A brace is not closed or has nothing in it.</exception>
    public static EventTemplate Parse(string text)
    {
        var parts = new List<(bool, string)>();
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('{', at);
            var end = open < 0 ? text.Length : open;
            if (end > at)
                parts.Add((false, text[at..end]));
            if (open < 0)
                break;
            var close = text.IndexOf('}', open);
            if (close < 0)
                throw new FormatException($"\"{text}\" has an opening brace that is never closed.");
            var path = text[(open + 1)..close].Trim();
            if (path.Length == 0)
                throw new FormatException($"\"{text}\" has empty braces; a payload path such as {{data.id}} is wanted.");
            parts.Add((true, path));
            at = close + 1;
        }

        return new EventTemplate([.. parts]);
    }

    /// <summary>One path alone gives the payload's own type; anything else gives text.</summary>
    public object? Evaluate(EventPayload payload)
    {
        if (_parts is [(true, var only)])
            return payload.At(only);
        var builder = new StringBuilder();
        foreach (var (isPath, text) in _parts)
            builder.Append(CultureInfo.InvariantCulture, $"{(isPath ? payload.At(text) : text)}");
        return builder.ToString();
    }

    /// <summary>The value as text; null where it is missing.</summary>
    public string? Text(EventPayload payload) => Evaluate(payload) is { } value ? Convert.ToString(value, CultureInfo.InvariantCulture) : null;
}
