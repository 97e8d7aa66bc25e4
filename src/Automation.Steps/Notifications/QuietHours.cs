using System.Globalization;

namespace Automation.Steps.Notifications;

/// <summary>A part of each day, perhaps over midnight.</summary>
internal sealed record QuietHours(TimeOnly From, TimeOnly To, TimeZoneInfo Zone)
{
    /// <exception cref="FormatException">The text or the zone is not valid.</exception>
    public static QuietHours? Parse(string? hours, string? zone)
    {
        var found = TimeZoneInfo.Utc;
        if (!string.IsNullOrWhiteSpace(zone) && !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out found!))
            throw new FormatException($"TimeZone is \"{zone}\", which is not known. Give a name such as Europe/Berlin.");
        if (string.IsNullOrWhiteSpace(hours))
            return null;
        var parts = hours.Split('-', StringSplitOptions.TrimEntries);
        if (parts.Length != 2
            || !TimeOnly.TryParseExact(parts[0], ["H:mm", "HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var from)
            || !TimeOnly.TryParseExact(parts[1], ["H:mm", "HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var to) || from == to)
        {
            throw new FormatException($"QuietHours is \"{hours}\"; it must be two times such as 22:00-07:00.");
        }

        return new QuietHours(from, to, found);
    }

    /// <summary>When the quiet that a time lies in is over; null where it lies in none.</summary>
    public DateTimeOffset? EndAt(DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, Zone);
        var time = TimeOnly.FromDateTime(local.DateTime);
        if (!time.IsBetween(From, To))
            return null;
        var end = local.Date.AddDays(From > To && time >= From ? 1 : 0) + To.ToTimeSpan();
        // The hour that is left out in spring does not exist: the next one that does ends the quiet.
        while (Zone.IsInvalidTime(end))
            end = end.AddMinutes(15);
        return new DateTimeOffset(end, Zone.GetUtcOffset(end)).ToUniversalTime();
    }
}
