using System.Globalization;

namespace Automation.Intake.Flow;

/// <summary>Durations as rules write them: <c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>1h</c>, <c>1d</c> or <c>00:00:10</c>.</summary>
internal static class FlowDuration
{
    /// <summary>Longest duration: what a limit counts must still stand in the database.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)), ("d", TimeSpan.FromDays(1)),
    ];

    /// <exception cref="FormatException">It is no duration, or out of range; the message says what is allowed.</exception>
    public static TimeSpan Parse(string name, string text, TimeSpan least)
    {
        if (!TryParse(text.Trim(), out var duration))
            throw new FormatException($"\"flow.{name}\" is \"{text}\"; a duration such as 500ms, 10s, 5m, 1h or 00:00:10 is wanted.");
        if (duration < least || duration > Longest)
            throw new FormatException($"\"flow.{name}\" is \"{text}\"; allowed is {Show(least)} to {Show(Longest)}.");
        return duration;
    }

    /// <summary>A duration as people write it.</summary>
    public static string Show(TimeSpan duration)
    {
        var (unit, length) = Units.Last(u => u.Length == Units[0].Length || (duration >= u.Length && duration.Ticks % u.Length.Ticks == 0));
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(duration / length):0}{unit}");
    }

    private static bool TryParse(string text, out TimeSpan duration)
    {
        foreach (var (unit, length) in Units)
        {
            if (text.EndsWith(unit, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < 1e9)
            {
                duration = length * number;
                return true;
            }
        }

        return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out duration) && text.Contains(':', StringComparison.Ordinal);
    }
}
