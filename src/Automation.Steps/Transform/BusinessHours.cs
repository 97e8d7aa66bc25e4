using System.Globalization;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Transform;

/// <summary>Waits until people are at work. The wait is a scheduled job, so it outlasts restarts.</summary>
[Activity("Automation.WaitForBusinessHours", Category = "Scheduling", DisplayName = "Wait for business hours", Description = "Goes on at once during business hours; otherwise waits until they begin.")]
[Outcome("Done")]
internal sealed class WaitForBusinessHours : TransformActivity
{
    private const string Bookmark = "Automation.WaitForBusinessHours";

    [Input(Order = 0, DefaultValue = "09:00-17:00", Description = "From when to when, on the same day.")]
    public Input<string?> Hours { get; } = new();

    [Input(Order = 1, DefaultValue = "Mon-Fri", Description = "The days: Mon-Fri, or Mon,Wed,Fri.")]
    public Input<string?> Days { get; } = new();

    [Input(Order = 2, DisplayName = "Time zone", DefaultValue = "UTC", Description = "Such as Europe/Berlin.")]
    public Input<string?> TimeZone { get; } = new();

    [Input(Order = 3, UIHint = "multiline", Description = "Days off, with commas or lines between them: 2026-12-24, or 12-25 for every year.")]
    public Input<object?> Holidays { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var hours = BusinessHours.Parse(Hours.Get(context), Days.Get(context), TimeZone.Get(context), Dates(Holidays.Get(context)));
        var opens = hours.NextOpen(context.Now);
        if (opens <= context.Now)
            context.Complete();
        else
            context.CreateBookmark(Bookmark, new Dictionary<string, object?>(StringComparer.Ordinal) { ["resumeAt"] = opens.ToString("O", CultureInfo.InvariantCulture) }, opens);
    }

    private static IEnumerable<string> Dates(object? value) =>
        Read(value, nameof(Holidays)) is var given && PlainJson.Elements(given) is { } list
            ? list.Select(PlainJson.AsText)
            : PlainJson.AsText(given).Split([',', ';', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>When people are at work.</summary>
internal sealed record BusinessHours(TimeOnly From, TimeOnly To, IReadOnlySet<DayOfWeek> Days, TimeZoneInfo Zone, IReadOnlySet<DateOnly> Holidays, IReadOnlySet<(int Month, int Day)> EveryYear)
{
    // More than a year of days off in a row is a mistake, not a holiday.
    private const int MostDaysOff = 400;

    private static readonly string[] Names = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

    /// <exception cref="FormatException">Something is not valid; the message names it.</exception>
    public static BusinessHours Parse(string? hours, string? days, string? zone, IEnumerable<string> holidays)
    {
        hours = string.IsNullOrWhiteSpace(hours) ? "09:00-17:00" : hours;
        var parts = hours.Split('-', StringSplitOptions.TrimEntries);
        TimeOnly to = default;
        if (parts.Length != 2
            || !TimeOnly.TryParseExact(parts[0], ["H:mm", "HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var from)
            || !(parts[1] == "24:00" || TimeOnly.TryParseExact(parts[1], ["H:mm", "HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out to)))
        {
            throw new FormatException($"Hours is \"{hours}\"; it must be two times such as 09:00-17:00.");
        }

        if (parts[1] == "24:00")
            to = TimeOnly.MaxValue;
        if (from >= to)
            throw new FormatException($"Hours is \"{hours}\"; the second time must be later than the first.");
        var (dates, everyYear) = (new HashSet<DateOnly>(), new HashSet<(int, int)>());
        foreach (var text in holidays.Select(t => t.Trim()).Where(t => t.Length > 0))
        {
            if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
                dates.Add(date);
            // A leap year, so that 02-29 is one too.
            else if (DateOnly.TryParseExact("2000-" + text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out date))
                everyYear.Add((date.Month, date.Day));
            else
                throw new FormatException($"Holidays has \"{text}\"; a day is written 2026-12-24, or 12-25 for every year.");
        }

        return new BusinessHours(from, to, DaysOf(string.IsNullOrWhiteSpace(days) ? "Mon-Fri" : days), Zones.Find(zone), dates, everyYear);
    }

    /// <summary>The given time where it lies in business hours; otherwise when they begin next.</summary>
    /// <exception cref="FormatException">There is no working day within a year.</exception>
    public DateTimeOffset NextOpen(DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, Zone).DateTime;
        var date = DateOnly.FromDateTime(local);
        for (var i = 0; i < MostDaysOff; i++, date = date.AddDays(1))
        {
            if (!Days.Contains(date.DayOfWeek) || Holidays.Contains(date) || EveryYear.Contains((date.Month, date.Day)))
                continue;
            if (i > 0 || TimeOnly.FromDateTime(local) < From)
                return Zones.At(date.ToDateTime(From), Zone).ToUniversalTime();
            if (TimeOnly.FromDateTime(local) < To)
                return now;
        }

        throw new FormatException($"There is no working day within {MostDaysOff} days.");
    }

    private static HashSet<DayOfWeek> DaysOf(string text)
    {
        var days = new HashSet<DayOfWeek>();
        foreach (var part in text.Split([',', ' ', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-', StringSplitOptions.TrimEntries);
            var (first, last) = (Day(ends[0]), Day(ends[^1]));
            if (ends.Length > 2 || first < 0 || last < 0)
                throw new FormatException($"Days is \"{text}\"; it must be days such as Mon-Fri or Mon,Wed,Fri.");
            for (var day = first; ; day = (day + 1) % 7)
            {
                days.Add((DayOfWeek)day);
                if (day == last)
                    break;
            }
        }

        return days;
    }

    private static int Day(string text) => text.Length < 3 ? -1 : Array.FindIndex(Names, n => text.StartsWith(n, StringComparison.OrdinalIgnoreCase));
}
