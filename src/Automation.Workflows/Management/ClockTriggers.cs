using System.Globalization;
using Automation.Jobs;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Workflows.Management;

/// <summary>When triggers by the clock are due.</summary>
internal static class ClockTriggers
{
    public static bool IsByClock(string name) => name is StimulusNames.Timer or StimulusNames.Cron or StimulusNames.StartAt;

    /// <summary>As long as a time to start at counts as now, for whoever publishes in the minute that is meant, or computes the time.</summary>
    private static readonly TimeSpan StillNow = TimeSpan.FromMinutes(1);

    /// <summary>The first occurrence of a trigger that is put in force now; null where there is none.</summary>
    public static DateTimeOffset? First(string name, object? payload, DateTimeOffset now, bool elsaQuirks) => name switch
    {
        StimulusNames.Timer => Interval(payload) is { } interval ? now + interval : null,
        StimulusNames.Cron => Member(payload, "cronExpression") is string text && CronSchedule.TryParse(text, out var cron, out _) ? cron.Next(now) : null,
        StimulusNames.StartAt when elsaQuirks && HasPassed(name, payload, now) => null,
        // A time that has passed means at once.
        StimulusNames.StartAt => Time(Member(payload, "executeAt")) is { } at ? (at < now ? now : at) : null,
        _ => null,
    };

    /// <summary>Whether the one time that a trigger has is over.</summary>
    public static bool HasPassed(string name, object? payload, DateTimeOffset now) =>
        name == StimulusNames.StartAt && Time(Member(payload, "executeAt")) < now - StillNow;

    /// <summary>The occurrence after one that is being started; missed ones are left out.</summary>
    public static DateTimeOffset? Next(IndexedTrigger trigger, DateTimeOffset due, DateTimeOffset now)
    {
        switch (trigger.Name)
        {
            case StimulusNames.Timer when Interval(trigger.Payload) is { } interval:
                var missed = now > due ? (now - due).Ticks / interval.Ticks : 0;
                return due + TimeSpan.FromTicks((missed + 1) * interval.Ticks);
            case StimulusNames.Cron:
                return First(trigger.Name, trigger.Payload, now > due ? now : due, elsaQuirks: false);
            default:
                return null;
        }
    }

    public static JobRequest Job(string triggerId, DateTimeOffset at, string definitionId) =>
        new(WorkflowJobs.Trigger, triggerId, SqlValue.ToMicros(at)) { DueAt = at, Reason = definitionId };

    /// <summary>What is wrong with a trigger by the clock; null where nothing is.</summary>
    public static string? Problem(string name, object? payload) => name switch
    {
        StimulusNames.Timer when Interval(payload) is null => "The interval of the timer must be longer than zero.",
        StimulusNames.Cron when !CronSchedule.TryParse(Member(payload, "cronExpression") as string, out _, out var error) => error,
        StimulusNames.StartAt when Time(Member(payload, "executeAt")) is null => "The time to start at is missing.",
        _ => null,
    };

    private static object? Member(object? payload, string name) =>
        payload is IReadOnlyDictionary<string, object?> map ? map.FirstOrDefault(p => string.Equals(p.Key, name, StringComparison.OrdinalIgnoreCase)).Value : null;

    private static TimeSpan? Interval(object? payload)
    {
        TimeSpan? interval = Member(payload, "interval") switch
        {
            TimeSpan span => span,
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) => span,
            _ => null,
        };
        return interval > TimeSpan.Zero ? interval : null;
    }

    private static DateTimeOffset? Time(object? value) => value switch
    {
        DateTimeOffset at => at,
        string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) => at,
        _ => null,
    };
}
