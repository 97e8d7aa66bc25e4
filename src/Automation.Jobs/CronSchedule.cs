using Automation.Jobs.Cron;

namespace Automation.Jobs;

/// <summary>A text is not a cron expression. The message names the field, what stands there and what may.</summary>
public sealed class CronFormatException(string message) : FormatException(message);

/// <summary>
/// A cron expression of five fields (minute, hour, day of month, month, day of week), of six (seconds first), or a
/// macro such as <c>@daily</c>. Fields take <c>* , - /</c>, names (<c>JAN</c>, <c>MON</c>), <c>?</c> in the day fields,
/// <c>L</c>, <c>L-n</c>, <c>nW</c> and <c>LW</c> as day of month, <c>nL</c> and <c>n#k</c> as day of week. Where both day
/// fields are restricted, both must match.
/// </summary>
/// <remarks>
/// In time zones with daylight saving, an occurrence in the hour that spring skips happens once, at the first valid
/// moment; in the hour that autumn repeats, a fixed time happens once (the first time round), while an expression with
/// <c>*</c>, a range or a step in seconds, minutes or hours goes on through both. Immutable and thread-safe.
/// </remarks>
public sealed class CronSchedule
{
    private readonly CronFields _fields;

    private CronSchedule(string expression, CronFields fields)
    {
        Expression = expression;
        _fields = fields;
    }

    /// <summary>The expression as it was written.</summary>
    public string Expression { get; }

    /// <summary>Reads an expression.</summary>
    /// <exception cref="CronFormatException">The text is not a cron expression.</exception>
    public static CronSchedule Parse(string expression)
    {
        ArgumentNullException.ThrowIfNull(expression);
        return new CronSchedule(expression, CronParser.Parse(expression));
    }

    /// <summary>Reads an expression, or says why it is none.</summary>
    /// <param name="expression">The text.</param>
    /// <param name="schedule">The schedule, where the text is one.</param>
    /// <param name="error">What is wrong, where it is not.</param>
    public static bool TryParse(
        string? expression,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CronSchedule? schedule,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out string? error)
    {
        schedule = null;
        error = null;
        try
        {
            schedule = Parse(expression ?? "");
            return true;
        }
        catch (CronFormatException e)
        {
            error = e.Message;
            return false;
        }
    }

    /// <summary>The first occurrence after a moment, in UTC; null where there is none before the year 2500.</summary>
    /// <param name="after">The moment, itself excluded.</param>
    /// <param name="zone">The time zone of the fields; UTC where null.</param>
    public DateTimeOffset? Next(DateTimeOffset after, TimeZoneInfo? zone = null) =>
        ZonedCron.Next(_fields, after.UtcDateTime, zone ?? TimeZoneInfo.Utc) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null;

    /// <summary>The occurrences after a moment up to and including another, in order.</summary>
    /// <param name="after">The moment, itself excluded.</param>
    /// <param name="until">The last moment that counts.</param>
    /// <param name="zone">The time zone of the fields; UTC where null.</param>
    public IEnumerable<DateTimeOffset> Between(DateTimeOffset after, DateTimeOffset until, TimeZoneInfo? zone = null)
    {
        for (var next = Next(after, zone); next <= until; next = Next(next.Value, zone))
            yield return next.Value;
    }

    /// <summary>The expression.</summary>
    public override string ToString() => Expression;
}
