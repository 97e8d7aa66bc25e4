using System.Globalization;
using Automation.Jobs;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Scheduling;

[Activity("Elsa.Timer", Category = "Scheduling", Kind = ActivityKind.Trigger, Description = "Trigger workflow execution at a specific interval.")]
internal sealed class Timer : Activity
{
    [Input(DefaultValue = "00:01:00", Description = "The interval at which the timer should execute.")]
    public Input<TimeSpan> Interval { get; } = new();

    protected internal override IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context)
    {
        yield return new TriggerStimulus(StimulusNames.Timer, new Dictionary<string, object?>(StringComparer.Ordinal) { ["interval"] = Text(Interval.Get(context)) });
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (context.IsTrigger)
        {
            context.Complete();
            return;
        }

        var due = context.Now + Interval.Get(context);
        context.CreateBookmark(StimulusNames.Timer, DuePayload.At("resumeAt", due), due);
    }

    private static string Text(TimeSpan span) => span.ToString("c", CultureInfo.InvariantCulture);
}

[Activity("Elsa.Cron", Category = "Scheduling", Kind = ActivityKind.Trigger, Description = "Trigger workflow execution at a specific interval using a CRON expression.")]
internal sealed class Cron : Activity
{
    [Input(Description = "The CRON expression at which the timer should execute.")]
    public Input<string?> CronExpression { get; } = new();

    protected internal override void Compile(ActivityCompilation context)
    {
        if (Node.Inputs[CronExpression.Slot].Expression is ConstantExpression { Value: string text } && !CronSchedule.TryParse(text, out _, out var error))
            context.Expression("cronExpression", $"'{text}' is not a cron expression: {error}");
    }

    protected internal override IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context)
    {
        var text = CronExpression.Get(context) ?? "";
        CronSchedule.Parse(text);
        yield return new TriggerStimulus(StimulusNames.Cron, new Dictionary<string, object?>(StringComparer.Ordinal) { ["cronExpression"] = text });
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (context.IsTrigger)
        {
            context.Complete();
            return;
        }

        var text = CronExpression.Get(context) ?? "";
        var due = CronSchedule.Parse(text).Next(context.Now)
            ?? throw new WorkflowFaultException($"The cron expression '{text}' has no further occurrence.");
        var payload = DuePayload.At("executeAt", due);
        payload["cronExpression"] = text;
        context.CreateBookmark(StimulusNames.Cron, payload, due);
    }
}

[Activity("Elsa.StartAt", Category = "Scheduling", DisplayName = "Start at", Kind = ActivityKind.Trigger, Description = "Trigger execution at a specific time in the future.")]
internal sealed class StartAt : Activity
{
    [Input]
    public Input<DateTimeOffset> DateTime { get; } = new();

    protected internal override IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context)
    {
        yield return new TriggerStimulus(StimulusNames.StartAt, DuePayload.At("executeAt", DateTime.Get(context)));
    }

    protected internal override void Execute(ActivityContext context)
    {
        var due = DateTime.Get(context);
        if (context.IsTrigger || due <= context.Now)
            context.Complete();
        else
            context.CreateBookmark(StimulusNames.StartAt, DuePayload.At("executeAt", due), due);
    }
}

/// <summary>Payloads of bookmarks that wait for a point in time.</summary>
internal static class DuePayload
{
    public static Dictionary<string, object?> At(string name, DateTimeOffset due) =>
        new(StringComparer.Ordinal) { [name] = due.ToString("O", CultureInfo.InvariantCulture) };
}
