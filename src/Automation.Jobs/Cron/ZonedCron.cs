namespace Automation.Jobs.Cron;

/// <summary>From matches on a wall clock to moments, across the jumps of daylight saving.</summary>
internal static class ZonedCron
{
    public static DateTime? Next(CronFields fields, DateTime afterUtc, TimeZoneInfo zone)
    {
        if (zone.Equals(TimeZoneInfo.Utc))
            return afterUtc == DateTime.MaxValue ? null : Utc(fields.NextWall(Unspecified(afterUtc).AddTicks(1)));

        var offset = zone.GetUtcOffset(afterUtc);
        var wall = Unspecified(afterUtc) + offset;
        var start = wall.AddTicks(1);
        if (zone.IsAmbiguousTime(wall))
        {
            var overlap = OverlapAt(wall, zone);
            var isFirstRound = offset == overlap.OffsetBefore;
            if (isFirstRound || fields.IsInterval)
            {
                if (fields.NextWall(start) is { } next && next < overlap.WallEnd)
                    return Utc(next - offset);
                if (isFirstRound && fields.IsInterval && fields.NextWall(overlap.WallStart) is { } again && again < overlap.WallEnd)
                    return Utc(again - overlap.OffsetAfter);
            }

            start = overlap.WallEnd;
        }

        while (fields.NextWall(start) is { } match)
        {
            var moment = ToUtc(match, zone);
            if (moment > afterUtc)
                return moment;
            // A match in the skipped hour was moved to its end, which has been taken already.
            start = match.AddTicks(1);
        }

        return null;
    }

    private static DateTime ToUtc(DateTime wall, TimeZoneInfo zone)
    {
        if (zone.IsInvalidTime(wall))
            return EndOfGap(wall, zone);
        var offset = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall).Max() : zone.GetUtcOffset(wall);
        return Utc(wall - offset)!.Value;
    }

    /// <summary>The moment at which the wall clock jumped over a time.</summary>
    private static DateTime EndOfGap(DateTime wall, TimeZoneInfo zone) =>
        FirstSecond(wall.AddDays(-1), wall.AddDays(1), utc => Unspecified(utc) + zone.GetUtcOffset(utc) > wall);

    private static Overlap OverlapAt(DateTime wall, TimeZoneInfo zone)
    {
        var offsets = zone.GetAmbiguousTimeOffsets(wall);
        var (before, after) = (offsets.Max(), offsets.Min());
        var jump = FirstSecond(wall - before, wall - after, utc => zone.GetUtcOffset(utc) != before);
        return new Overlap(Unspecified(jump) + after, Unspecified(jump) + before, before, after);
    }

    /// <summary>The first whole second for which a condition holds that holds ever after.</summary>
    private static DateTime FirstSecond(DateTime from, DateTime to, Func<DateTime, bool> holds)
    {
        var low = from.Ticks / TimeSpan.TicksPerSecond;
        var high = (to.Ticks / TimeSpan.TicksPerSecond) + 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (holds(new DateTime(middle * TimeSpan.TicksPerSecond, DateTimeKind.Utc)))
                high = middle;
            else
                low = middle + 1;
        }

        return new DateTime(low * TimeSpan.TicksPerSecond, DateTimeKind.Utc);
    }

    private static DateTime Unspecified(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Unspecified);

    private static DateTime? Utc(DateTime? time) => time is { } t ? DateTime.SpecifyKind(t, DateTimeKind.Utc) : null;

    /// <summary>The stretch of wall time that happens twice.</summary>
    private readonly record struct Overlap(DateTime WallStart, DateTime WallEnd, TimeSpan OffsetBefore, TimeSpan OffsetAfter);
}
