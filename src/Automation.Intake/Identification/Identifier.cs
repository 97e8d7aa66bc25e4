using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Intake.Identification;

/// <summary>What an event is, as far as the intake must know.</summary>
internal readonly record struct Identity(string Type, string? CorrelationKey, string DedupeKey, bool KeyIsHash, DateTimeOffset? OccurredAt);

/// <summary>Finds type, correlation key, dedupe key and time of an event in one pass over its body.</summary>
internal sealed class Identifier
{
    /// <summary>Longest event type, in characters; longer dedupe keys are kept as their hash.</summary>
    public const int MaxLength = 256;

    /// <summary>Longest correlation key, in characters: what an index of PostgreSQL takes in any script.</summary>
    public const int MaxCorrelationLength = 512;

    private readonly PathTree _tree = new();
    private readonly ValueTemplate[] _type;
    private readonly ValueTemplate[] _correlation;
    private readonly ValueTemplate[] _dedupe;
    private readonly ValueTemplate[] _time;

    /// <exception cref="FormatException">A template cannot be read.</exception>
    public Identifier(IEnumerable<string> type, IEnumerable<string> correlation, IEnumerable<string> dedupe, IEnumerable<string> time)
    {
        _type = Parse(type);
        _correlation = Parse(correlation);
        _dedupe = Parse(dedupe);
        _time = Parse(time);
    }

    /// <summary>The payload paths that are looked at.</summary>
    public IEnumerable<string> Paths => _tree.Slots.Keys;

    /// <summary>Reads an event.</summary>
    /// <param name="request">The request, whose body is JSON or a form.</param>
    /// <param name="identity">What it is, where nothing is returned.</param>
    /// <param name="fault">Why the body is not JSON.</param>
    /// <returns>Null, or why the event cannot be identified.</returns>
    public string? Read(in WebhookRequest request, out Identity identity, out JsonFault? fault)
    {
        identity = default;
        fault = null;
        var values = new string?[_tree.Count];
        if (FormFields.IsForm(request.Headers.ContentType))
            ReadForm(request.Body.Span, values);
        else if ((fault = PayloadReader.Read(request.Body.Span, _tree, values)) is not null)
            return fault.ToString();

        var type = First(_type, values, request);
        if (type is null)
            return $"The event has no type: {string.Join(" or ", _type.Select(t => t.Text))} is missing.";
        if (type.Length > MaxLength || type.Any(char.IsControl) || string.IsNullOrWhiteSpace(type))
            return $"The event's type must be 1 to {MaxLength} characters without control characters; it has {type.Length}.";
        var correlation = First(_correlation, values, request);
        if (correlation is { Length: > MaxCorrelationLength } || correlation?.Contains('\0', StringComparison.Ordinal) == true)
            return $"The event's correlation key must have at most {MaxCorrelationLength} characters and no NUL; it has {correlation.Length}.";

        var key = First(_dedupe, values, request);
        // An event without its usual key is told from others by its bytes, as those are that never have one.
        var byHash = key is null || _dedupe is [{ Text: "{body|sha256}" }];
        key ??= Convert.ToHexStringLower(SHA256.HashData(request.Body.Span));
        if (key.Length > MaxLength || key.Contains('\0', StringComparison.Ordinal))
            key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

        identity = new Identity(type, string.IsNullOrEmpty(correlation) ? null : correlation, key, byHash, Time(First(_time, values, request)));
        return null;
    }

    /// <summary>ISO 8601, or Unix time in seconds, milliseconds or microseconds, told apart by magnitude; null for anything else.</summary>
    internal static DateTimeOffset? Time(string? text)
    {
        if (text is null)
            return null;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            var seconds = Math.Abs(number) switch
            {
                < 1e11 => number,
                < 1e14 => number / 1e3,
                _ => number / 1e6,
            };
            // What databases and DateTimeOffset both hold: years 1 to 9999.
            return seconds is > -6e10 and < 2.5e11 ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond)) : null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
    }

    private void ReadForm(ReadOnlySpan<byte> body, string?[] values)
    {
        foreach (var (name, value) in FormFields.Read(body))
        {
            if (_tree.Slots.TryGetValue(name, out var slot))
                values[slot] = value;
        }
    }

    private ValueTemplate[] Parse(IEnumerable<string> templates) => [.. templates.Select(t => ValueTemplate.Parse(t, _tree))];

    private static string? First(ValueTemplate[] templates, ReadOnlySpan<string?> values, in WebhookRequest request)
    {
        foreach (var template in templates)
        {
            if (template.Evaluate(values, request) is { } value)
                return value;
        }

        return null;
    }
}
