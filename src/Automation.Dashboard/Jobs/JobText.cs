using System.Globalization;
using System.Security.Claims;
using Automation.Jobs;
using Automation.Storage.Access;

namespace Automation.Dashboard.Jobs;

/// <summary>Numbers, times and durations of jobs as the pages show them.</summary>
internal static class JobText
{
    public const int DefaultPage = 20;

    private const long LastSecond = 253_402_300_799;

    /// <summary>What a page shows before its counts are there: it is rendered once while it waits for the database.</summary>
    public static JobCounts NoCounts { get; } = new(new Dictionary<string, long>(StringComparer.Ordinal), 0, 0, 0, 0, 0, 0);

    public static IReadOnlyList<int> PageSizes { get; } = [10, 20, 50, 100, 500];

    public static string Number(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count; of exactly <see cref="JobCounts.Most"/> it is only known that there are as many or more.</summary>
    public static string Count(long count) => count == JobCounts.Most ? Number(JobCounts.Most) + "+" : Number(count);

    /// <summary>A page size that somebody asks for: 10 to 500, else 20.</summary>
    public static int PageSize(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 10 and <= 500 ? count : DefaultPage;

    /// <summary>A time in a state's data: milliseconds or seconds since the Unix epoch, or ISO 8601.</summary>
    public static DateTimeOffset? Time(IReadOnlyDictionary<string, string?> data, string key)
    {
        if (!data.TryGetValue(key, out var text) || string.IsNullOrEmpty(text))
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            var milliseconds = number > LastSecond ? number : number * 1000;
            return milliseconds is > 0 and <= 253_402_300_799_999 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var time) ? time : null;
    }

    /// <summary>A duration in milliseconds in a state's data.</summary>
    public static TimeSpan? Duration(IReadOnlyDictionary<string, string?> data, string key) =>
        data.TryGetValue(key, out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds is >= 0 and < 1e14
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    /// <summary>A duration with the two units that matter.</summary>
    public static string Took(TimeSpan? duration)
    {
        if (duration is not { } d)
            return "–";
        if (d < TimeSpan.Zero)
            d = TimeSpan.Zero;
        return d switch
        {
            { TotalMilliseconds: < 1000 } => string.Create(CultureInfo.InvariantCulture, $"{d.TotalMilliseconds:0} ms"),
            { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{d.TotalSeconds:0.0} s"),
            { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{d.Minutes} min {d.Seconds} s"),
            { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(int)d.TotalHours} h {d.Minutes} min"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(int)d.TotalDays} d {d.Hours} h"),
        };
    }

    /// <summary>What a continuation waits for, in words.</summary>
    public static string Continuation(string? options) => options switch
    {
        "0" or nameof(ContinuationOptions.OnAnyFinishedState) => "however it ends",
        "2" or nameof(ContinuationOptions.OnlyOnDeletedState) => "if it is deleted",
        _ => "if it succeeds",
    };

    /// <summary>The last part of a type's name.</summary>
    public static string ShortType(string? type) => type is null ? "" : type[(type.LastIndexOf('.') + 1)..];

    /// <summary>Whether somebody may change jobs; everybody else looks only.</summary>
    public static bool MayChange(ClaimsPrincipal? user) =>
        user.Has(Role.Operator);
}
