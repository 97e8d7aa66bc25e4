using System.Globalization;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Transform;

/// <summary>Moves a point in time.</summary>
[Activity("Automation.MoveDate", Category = "Transform", DisplayName = "Date arithmetic", Description = "Moves a point in time by so many days, months or hours, in a time zone, and writes it as wanted.")]
internal sealed class MoveDate : TransformActivity
{
    [Input(Order = 0, Description = "The time, such as 2026-01-31T09:00:00Z; now if empty. Without an offset it is of the time zone.")]
    public Input<object?> Date { get; } = new();

    [Input(Order = 1, DefaultValue = 0, Description = "How many; less than 0 moves back.")]
    public Input<long> Amount { get; } = new();

    [Input(Order = 2, UIHint = "dropdown", DefaultValue = "Days", Options = ["Seconds", "Minutes", "Hours", "Days", "Weekdays", "Weeks", "Months", "Years"], Description = "Of what. Weekdays are Monday to Friday.")]
    public Input<string?> Unit { get; } = new();

    [Input(Order = 3, DisplayName = "Start of", UIHint = "dropdown", DefaultValue = "", Options = ["", "Hour", "Day", "Week", "Month", "Year"], Description = "Goes back to the beginning of it, after the move. A week begins on Monday.")]
    public Input<string?> StartOf { get; } = new();

    [Input(Order = 4, DisplayName = "Time zone", DefaultValue = "UTC", Description = "The time zone that days and months are of, such as Europe/Berlin.")]
    public Input<string?> TimeZone { get; } = new();

    [Input(Order = 5, Description = "How it is written, such as yyyy-MM-dd; ISO 8601 if empty.")]
    public Input<string?> Format { get; } = new();

    [Output(Description = "The time as text.")]
    public Output<object?> Result { get; } = new();

    [Output(Description = "Whole seconds from now until then; less than 0 where it is past.")]
    public Output<object?> SecondsFromNow { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        var zone = Zones.Find(TimeZone.Get(context));
        var unit = Unit.Get(context) is { Length: > 0 } given ? given : "Days";
        DateTimeOffset moved;
        try
        {
            moved = Begin(Move(Time(Date.Get(context), zone, context.Now), Amount.Get(context), unit, zone), StartOf.Get(context) ?? "", zone);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new FormatException("The result lies beyond the years 1 to 9999.", e);
        }

        var format = Format.Get(context);
        Result.Set(context, moved.ToString(string.IsNullOrEmpty(format) ? "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz" : format, CultureInfo.InvariantCulture));
        SecondsFromNow.Set(context, (long)(moved - context.Now).TotalSeconds);
        context.Complete();
    }

    private static DateTimeOffset Time(object? value, TimeZoneInfo zone, DateTimeOffset now)
    {
        if (value is DateTimeOffset time)
            return TimeZoneInfo.ConvertTime(time, zone);
        var text = PlainJson.AsText(value);
        if (text.Length == 0)
            return TimeZoneInfo.ConvertTime(now, zone);
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var parsed))
            throw new FormatException($"Date is \"{text}\"; it must be a time such as 2026-01-31T09:00:00Z.");
        return parsed.Kind == DateTimeKind.Unspecified ? Zones.At(parsed, zone) : TimeZoneInfo.ConvertTime(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture), zone);
    }

    /// <summary>Days and longer keep the time of the day; hours and shorter are time that passes.</summary>
    private static DateTimeOffset Move(DateTimeOffset time, long amount, string unit, TimeZoneInfo zone) => unit switch
    {
        "Seconds" => TimeZoneInfo.ConvertTime(time.AddSeconds(amount), zone),
        "Minutes" => TimeZoneInfo.ConvertTime(time.AddMinutes(amount), zone),
        "Hours" => TimeZoneInfo.ConvertTime(time.AddHours(amount), zone),
        "Days" => Zones.At(time.DateTime.AddDays(amount), zone),
        "Weekdays" => Zones.At(Weekdays(time.DateTime, amount), zone),
        "Weeks" => Zones.At(time.DateTime.AddDays(7.0 * amount), zone),
        "Months" => Zones.At(time.DateTime.AddMonths(checked((int)amount)), zone),
        "Years" => Zones.At(time.DateTime.AddYears(checked((int)amount)), zone),
        _ => throw new FormatException($"Unit is \"{unit}\"; allowed are Seconds, Minutes, Hours, Days, Weekdays, Weeks, Months and Years."),
    };

    private static DateTime Weekdays(DateTime date, long amount)
    {
        if (Math.Abs(amount) > 100_000)
            throw new FormatException("Amount of weekdays may be 100,000 at most.");
        var step = Math.Sign(amount);
        for (var left = Math.Abs(amount); left > 0;)
        {
            date = date.AddDays(step);
            if (date.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
                left--;
        }

        return date;
    }

    private static DateTimeOffset Begin(DateTimeOffset time, string of, TimeZoneInfo zone) => of switch
    {
        "" => time,
        "Hour" => time.AddTicks(-(time.DateTime.Ticks % TimeSpan.TicksPerHour)),
        "Day" => Zones.At(time.Date, zone),
        "Week" => Zones.At(time.Date.AddDays(-(((int)time.DayOfWeek + 6) % 7)), zone),
        "Month" => Zones.At(new DateTime(time.Year, time.Month, 1), zone),
        "Year" => Zones.At(new DateTime(time.Year, 1, 1), zone),
        _ => throw new FormatException($"StartOf is \"{of}\"; allowed are Hour, Day, Week, Month and Year."),
    };
}

/// <summary>Time zones by name, and times of the day in them.</summary>
internal static class Zones
{
    /// <exception cref="FormatException">There is no such zone.</exception>
    public static TimeZoneInfo Find(string? name)
    {
        var zone = TimeZoneInfo.Utc;
        return string.IsNullOrWhiteSpace(name) || TimeZoneInfo.TryFindSystemTimeZoneById(name.Trim(), out zone!)
            ? zone
            : throw new FormatException($"TimeZone is \"{name}\", which is not known. Give a name such as Europe/Berlin.");
    }

    /// <summary>A time of the day; one that the clocks leave out in spring is the next that there is.</summary>
    public static DateTimeOffset At(DateTime local, TimeZoneInfo zone)
    {
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(15);
        return new DateTimeOffset(local, zone.GetUtcOffset(local));
    }
}
