using System.Globalization;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Scheduling;

[Activity("Elsa.Delay", Category = "Scheduling", Description = "Delay execution for the specified amount of time.")]
internal sealed class Delay : Activity
{
    [Input(DefaultValue = "00:01:00", Description = "The timespan to delay workflow execution.")]
    public Input<TimeSpan> TimeSpan { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        var due = context.Now + TimeSpan.Get(context);
        context.CreateBookmark(
            StimulusNames.Delay,
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["resumeAt"] = due.ToString("O", CultureInfo.InvariantCulture) },
            due);
    }
}
