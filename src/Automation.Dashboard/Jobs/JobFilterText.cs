using System.Globalization;
using Automation.Dashboard.Shared;
using Automation.Jobs;

namespace Automation.Dashboard.Jobs;

/// <summary>The filter of a list of jobs, as it stands in an address or a form.</summary>
/// <param name="Name">The job's name.</param>
/// <param name="Argument">A piece of its arguments.</param>
/// <param name="Queue">Its queue.</param>
/// <param name="Exception">A piece of a failure.</param>
/// <param name="From">Created at or after, UTC.</param>
/// <param name="To">Created before, UTC.</param>
internal sealed record JobFilterText(
    string? Name = null, string? Argument = null, string? Queue = null, string? Exception = null, string? From = null, string? To = null)
{
    /// <summary>Reads the fields by their names.</summary>
    public static JobFilterText Read(Func<string, string?> value) =>
        new(Given(value("name")), Given(value("argument")), Given(value("queue")), Given(value("exception")), Given(value("from")), Given(value("to")));

    /// <summary>The fields with their names; null where there is none.</summary>
    public (string Name, string? Value)[] Fields =>
        [("name", Name), ("argument", Argument), ("queue", Queue), ("exception", Exception), ("from", From), ("to", To)];

    public bool IsEmpty => Fields.All(f => f.Value is null);

    /// <summary>The name of a field that cannot be read; a list leaves it out, but nothing may be done to all that match the rest.</summary>
    public string? Unreadable => From is not null && Utc(From) is null ? "from" : To is not null && Utc(To) is null ? "to" : null;

    /// <summary>What is restricted, in words; empty for nothing.</summary>
    public string Words => string.Join(", ", new (string Word, string? Value)[]
    {
        ("named", Name), ("with the argument", Argument), ("of queue", Queue), ("whose exception has", Exception), ("created from", From), ("created before", To),
    }.Where(w => w.Value is not null).Select(w => $"{w.Word} “{w.Value}”"));

    public JobFilter ToFilter(string? state, bool isRetry = false, bool isFetched = false) => new()
    {
        State = state,
        IsRetry = isRetry,
        IsFetched = isFetched,
        Name = Name,
        ArgumentText = Argument,
        Queue = Queue,
        ExceptionText = Exception,
        CreatedFrom = Utc(From),
        CreatedTo = Utc(To),
    };

    /// <summary>An address with these fields and others.</summary>
    public string Link(string path, params (string Name, string? Value)[] others) => Links.To(path, [.. Fields, .. others]);

    private static DateTimeOffset? Utc(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time : null;
}
