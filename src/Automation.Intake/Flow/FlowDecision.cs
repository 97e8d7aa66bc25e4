using System.Globalization;

namespace Automation.Intake.Flow;

/// <summary>Why nothing of a key may start now, and when it may where that is known.</summary>
internal sealed record Blocker(string Why, DateTimeOffset? Until, bool ByConcurrency);

/// <summary>What the limits of a rule say to the situation of a key: computed from it alone, so that it can be decided again.</summary>
internal static class FlowDecision
{
    /// <summary>Why an event must not be let in at all; null where it may.</summary>
    public static string? Refusal(FlowPlan plan, FlowSituation now, DateTimeOffset time)
    {
        if (plan.RateLimit is { } rate && now.Limited is { } first && first + rate.Period > time)
            return $"The rate limit of {rate} is used up until {Clock(first + rate.Period)}.";
        if (plan is { Concurrency: > 0, WhenBusy: WhenBusy.Skip } && now.Running.Count + now.Waiting.Count >= plan.Concurrency)
            return now.Running.Count > 0 ? Taken(plan, now) + "." : "An event that waits has the only place left.";
        return null;
    }

    /// <summary>Why nothing may start now; null where one may.</summary>
    public static Blocker? Block(FlowPlan plan, FlowSituation now, DateTimeOffset time)
    {
        if (plan.Concurrency > 0 && now.Running.Count >= plan.Concurrency)
            return new Blocker(Taken(plan, now), null, ByConcurrency: true);
        if (plan.Throttle is { } throttle && now.Throttled + throttle.Period is { } until && until > time)
            return new Blocker($"The throttle of {throttle} lets the next one go at {Clock(until)}", until, ByConcurrency: false);
        return null;
    }

    /// <summary>How many of the waiting events the next start takes; none while they are being collected.</summary>
    /// <returns>The number, and until when they are collected where it is none.</returns>
    public static (int Take, DateTimeOffset? Until) Collected(FlowPlan plan, IReadOnlyList<WaitingItem> waiting, DateTimeOffset time)
    {
        if (waiting.Count == 0 || !plan.Collects)
            return (Math.Min(1, waiting.Count), null);
        if (plan.BatchSize > 0)
        {
            var due = waiting.Min(w => w.Since) + plan.BatchTimeout;
            return waiting.Count >= plan.BatchSize || due <= time ? (Math.Min(plan.BatchSize, waiting.Count), null) : (0, due);
        }

        // What was queued before the rule began to debounce has no time; it goes at once.
        return waiting[0].DueAt is { } quiet && quiet > time ? (0, quiet) : (1, null);
    }

    /// <summary>Until when an event that has just come is held back; null where only by limits.</summary>
    public static DateTimeOffset? Due(FlowPlan plan, DateTimeOffset since, DateTimeOffset time)
    {
        if (plan.Debounce is not { } period)
            return plan.BatchSize > 0 ? since + plan.BatchTimeout : null;
        var quiet = time + period;
        return plan.DebounceTimeout is { } timeout && since + timeout < quiet ? since + timeout : quiet;
    }

    /// <summary>Why an event that has just come waits, for people.</summary>
    public static string Waits(FlowPlan plan, Blocker? blocker, int before, DateTimeOffset? due)
    {
        if (plan.Debounce is { } period)
            return $"Debounce: starts once nothing has come for {FlowDuration.Show(period)}, at {Clock(due!.Value)}.";
        if (plan.BatchSize > 0)
            return string.Create(CultureInfo.InvariantCulture, $"Batch: number {before % plan.BatchSize + 1} of {plan.BatchSize}; starts with them, or at {Clock(due!.Value)}.");
        var why = blocker?.Why ?? "Earlier events go first";
        return before switch
        {
            0 => why + ".",
            1 => why + "; one event waits before it.",
            >= FlowStore.MostCounted => string.Create(CultureInfo.InvariantCulture, $"{why}; {FlowStore.MostCounted} events or more wait before it."),
            _ => string.Create(CultureInfo.InvariantCulture, $"{why}; {before} events wait before it."),
        };
    }

    private static string Taken(FlowPlan plan, FlowSituation now) => plan.Concurrency == 1
        ? $"Instance {now.Running[0].InstanceId} is running, and only one may"
        : string.Create(CultureInfo.InvariantCulture, $"{now.Running.Count} of {plan.Concurrency} instances are running");

    private static string Clock(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
