using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Control;

[Activity("Elsa.Complete", Category = "Composition", Description = "Signals the current composite activity to complete itself as a whole.", IsTerminal = true)]
internal sealed class Complete : Activity
{
    [Input(UIHint = "outcome-picker", DefaultSyntax = "Object", Description = "The outcome or set of outcomes to complete this activity with.")]
    public Input<object?> Outcomes { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        var outcomes = Read(Outcomes.Get(context));
        if (IsInsideLoop(context))
        {
            // A loop would go on with its next round, so everything up to the composite is cancelled from the inside out.
            context.SetOutcomes(outcomes);
            for (var c = context; c?.Parent is not null && !IsComposite(c); c = c.Parent)
                context.Burst.CancelAlone(c);
        }
        else
        {
            context.CompleteWith(outcomes);
        }

        Burst.SendSignal(context, Signal.Complete);
    }

    private static bool IsInsideLoop(ActivityContext context)
    {
        for (var c = context.Parent; c is not null && !IsComposite(c); c = c.Parent)
        {
            if (c.Activity.Behavior is ILoop)
                return true;
        }

        return false;
    }

    private static bool IsComposite(ActivityContext context) => context.Activity.Behavior is Flow.WorkflowActivity;

    private static IReadOnlyList<string> Read(object? outcomes) => outcomes switch
    {
        null => [],
        string s when s.StartsWith('[') && JsonValues.TryParse(s, out var parsed) && parsed is List<object?> list => Read(list),
        string s => [s],
        List<object?> list => [.. list.Where(o => o is not null).Select(o => ValueConverter.ToText(o!))],
        _ => [ValueConverter.ToText(outcomes)],
    };
}

/// <summary>Repeats its body.</summary>
internal interface ILoop;
