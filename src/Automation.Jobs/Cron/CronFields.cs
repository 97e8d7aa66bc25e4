using System.Numerics;

namespace Automation.Jobs.Cron;

/// <summary>Which days of a month an expression means, beyond the plain set.</summary>
internal enum MonthDayRule : byte
{
    /// <summary>The days in the set.</summary>
    Set,

    /// <summary>The last day, or a number of days before it.</summary>
    Last,

    /// <summary>The weekday nearest to the one day in the set.</summary>
    NearestWeekday,

    /// <summary>The weekday nearest to the last day, or to a number of days before it.</summary>
    LastWeekday,
}

/// <summary>A parsed expression: one bit per allowed value, and the rules that no bit can say.</summary>
internal sealed class CronFields
{
    private const int LastYear = 2499;

    public ulong Seconds { get; init; }

    public ulong Minutes { get; init; }

    public ulong Hours { get; init; }

    public ulong DaysOfMonth { get; init; }

    public MonthDayRule MonthDayRule { get; init; }

    /// <summary>How many days before the last one <c>L-n</c> means.</summary>
    public int DaysBeforeLast { get; init; }

    public ulong Months { get; init; }

    /// <summary>Sunday is bit 0.</summary>
    public ulong DaysOfWeek { get; init; }

    /// <summary>The k of <c>n#k</c>; 0 for any.</summary>
    public int WeekOfMonth { get; init; }

    /// <summary>The day of week is the last of its month (<c>nL</c>).</summary>
    public bool LastDayOfWeek { get; init; }

    /// <summary>Seconds, minutes or hours are written as an interval, which goes on while a wall clock repeats an hour.</summary>
    public bool IsInterval { get; init; }

    /// <summary>The first match on a wall clock at or after a time; null where there is none.</summary>
    public DateTime? NextWall(DateTime from)
    {
        if (from.Ticks % TimeSpan.TicksPerSecond is var fraction and > 0)
        {
            if (from.Ticks > DateTime.MaxValue.Ticks - TimeSpan.TicksPerSecond)
                return null;
            from = from.AddTicks(TimeSpan.TicksPerSecond - fraction);
        }

        if (TimeOfDay(from.Hour, from.Minute, from.Second) is { } today && MatchesDay(from))
            return from.Date + today;

        var first = TimeOfDay(0, 0, 0)!.Value;
        int year = from.Year, month = from.Month, day = from.Day + 1;
        while (year <= LastYear)
        {
            if (IsSet(Months, month))
            {
                var days = MatchingDays(year, month) >> day << day;
                if (days != 0)
                    return new DateTime(year, month, BitOperations.TrailingZeroCount(days), 0, 0, 0, DateTimeKind.Unspecified) + first;
            }

            day = 1;
            month++;
            if (month > 12)
            {
                month = 1;
                year++;
            }
        }

        return null;
    }

    private static bool IsSet(ulong bits, int value) => (bits >> value & 1) != 0;

    private static int FirstAtOrAfter(ulong bits, int value)
    {
        var rest = value > 63 ? 0 : bits >> value << value;
        return rest == 0 ? -1 : BitOperations.TrailingZeroCount(rest);
    }

    private TimeSpan? TimeOfDay(int hour, int minute, int second)
    {
        var nextSecond = FirstAtOrAfter(Seconds, second);
        if (nextSecond < 0)
        {
            minute++;
            nextSecond = FirstAtOrAfter(Seconds, 0);
        }

        var nextMinute = FirstAtOrAfter(Minutes, minute);
        if (nextMinute < 0)
        {
            hour++;
            nextMinute = FirstAtOrAfter(Minutes, 0);
        }

        if (nextMinute != minute)
            nextSecond = FirstAtOrAfter(Seconds, 0);

        var nextHour = FirstAtOrAfter(Hours, hour);
        if (nextHour < 0)
            return null;
        return nextHour == hour
            ? new TimeSpan(nextHour, nextMinute, nextSecond)
            : new TimeSpan(nextHour, FirstAtOrAfter(Minutes, 0), FirstAtOrAfter(Seconds, 0));
    }

    private bool MatchesDay(DateTime day) => IsSet(Months, day.Month) && IsSet(MatchingDays(day.Year, day.Month), day.Day);

    /// <summary>One bit per matching day of a month; bit 0 is not used.</summary>
    private ulong MatchingDays(int year, int month)
    {
        var length = DateTime.DaysInMonth(year, month);
        var byMonth = MonthDayRule switch
        {
            MonthDayRule.Last => Bit(length - DaysBeforeLast),
            MonthDayRule.NearestWeekday => NearestWeekday(year, month, BitOperations.TrailingZeroCount(DaysOfMonth), length),
            MonthDayRule.LastWeekday => NearestWeekday(year, month, length - DaysBeforeLast, length),
            _ => DaysOfMonth & ((2UL << length) - 1),
        };
        if (byMonth == 0 || (DaysOfWeek == 0x7F && WeekOfMonth == 0 && !LastDayOfWeek))
            return byMonth;

        var first = (int)new DateTime(year, month, 1, 0, 0, 0, DateTimeKind.Unspecified).DayOfWeek;
        var result = 0UL;
        for (var day = 1; day <= length; day++)
        {
            if (IsSet(byMonth, day) && IsSet(DaysOfWeek, (first + day - 1) % 7)
                && (WeekOfMonth == 0 || (day + 6) / 7 == WeekOfMonth)
                && (!LastDayOfWeek || day + 7 > length))
            {
                result |= 1UL << day;
            }
        }

        return result;
    }

    private static ulong Bit(int day) => day < 1 ? 0 : 1UL << day;

    private static ulong NearestWeekday(int year, int month, int day, int length)
    {
        if (day < 1 || day > length)
            return 0;
        // Never leaves the month: a Saturday the first moves to Monday the third, a Sunday the last to Friday.
        var moved = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Unspecified).DayOfWeek switch
        {
            DayOfWeek.Saturday => day > 1 ? day - 1 : day + 2,
            DayOfWeek.Sunday => day < length ? day + 1 : day - 2,
            _ => day,
        };
        return 1UL << moved;
    }
}
