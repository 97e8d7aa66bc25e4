using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Automation.Host.Cli;

/// <summary>The options by which commands choose events; the same as those of the API.</summary>
internal sealed class EventFilterOptions(bool withTime)
{
    private readonly Option<string?> _source = new("--source") { Description = "Slug of the source; * stands for any characters." };
    private readonly Option<string?> _type = new("--type") { Description = "Event type; * stands for any characters." };
    private readonly Option<string?> _status = new("--status") { Description = "Received, Routed, Unmatched, Duplicate, Failed, Rejected, Waiting or Skipped." };
    private readonly Option<string?> _correlation = new("--correlation") { Description = "Correlation key, exactly." };
    private readonly Option<string?> _text = new("--text") { Description = "Text in the body." };
    private readonly Option<DateTimeOffset?> _from = new("--from") { Description = "Stored at or after this time, for example 2026-01-15T12:00:00Z.", CustomParser = Time };
    private readonly Option<DateTimeOffset?> _to = new("--to") { Description = "Stored before this time.", CustomParser = Time };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _source, _type, _status, _correlation, _text })
            command.Add(option);
        if (!withTime)
            return;
        command.Add(_from);
        command.Add(_to);
    }

    /// <summary>What was given, under the API's names.</summary>
    public Dictionary<string, string> Given(ParseResult result)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("source", result.GetValue(_source));
        Add("type", result.GetValue(_type));
        Add("status", result.GetValue(_status));
        Add("correlationId", result.GetValue(_correlation));
        Add("text", result.GetValue(_text));
        if (withTime)
        {
            Add("from", result.GetValue(_from)?.ToString("O", CultureInfo.InvariantCulture));
            Add("to", result.GetValue(_to)?.ToString("O", CultureInfo.InvariantCulture));
        }

        return given;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                given[name] = value;
        }
    }

    /// <summary>Reads an option that is a time; without an offset it is UTC.</summary>
    public static DateTimeOffset? Time(ArgumentResult given)
    {
        var text = given.Tokens.Count == 1 ? given.Tokens[0].Value : "";
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            return time;
        given.AddError($"\"{text}\" is not a time; write it like 2026-01-15T12:00:00Z.");
        return null;
    }

    public string Query(ParseResult result) => Given(result) is { Count: > 0 } given
        ? "?" + string.Join('&', given.Select(g => $"{g.Key}={Uri.EscapeDataString(g.Value)}"))
        : "";
}
