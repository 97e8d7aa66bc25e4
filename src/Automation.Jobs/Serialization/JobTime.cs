using System.Globalization;

namespace Automation.Jobs.Serialization;

/// <summary>Times as Hangfire stores them in state data and hashes: unix milliseconds, as text.</summary>
internal static class JobTime
{
    // The reader takes digits above this for milliseconds and others for seconds.
    private const long LastSecond = 253_402_300_799;

    /// <summary>The time now, as precise as both databases keep it, in UTC.</summary>
    public static DateTime Now(TimeProvider clock)
    {
        var ticks = clock.GetUtcNow().UtcTicks;
        return new DateTime(ticks - (ticks % TimeSpan.TicksPerMicrosecond), DateTimeKind.Utc);
    }

    public static string Format(DateTime utc) => Milliseconds(utc).ToString(CultureInfo.InvariantCulture);

    public static long Milliseconds(DateTime utc) => (utc.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond;

    /// <summary>Seconds since the epoch with their fraction: what a score of a sorted set is.</summary>
    public static double Score(DateTime utc) => Milliseconds(utc) / 1000.0;

    public static DateTime FromScore(double score) => DateTime.UnixEpoch.AddMilliseconds(Math.Round(score * 1000));

    /// <summary>Reads any form that Hangfire has ever written: milliseconds, seconds, round-trip ISO.</summary>
    public static DateTime? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            var milliseconds = number > LastSecond ? number : number * 1000;
            return milliseconds is >= -62_135_596_800_000 and <= 253_402_300_799_999 ? DateTime.UnixEpoch.AddMilliseconds(milliseconds) : null;
        }

        return DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
    }
}
