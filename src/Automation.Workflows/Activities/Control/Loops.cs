using System.Collections;
using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Control;

[Activity("Elsa.Break", Category = "Looping", Description = "Break out of a loop.", IsTerminal = true)]
internal sealed class Break : Activity
{
    protected internal override void Execute(ActivityContext context)
    {
        Burst.SendSignal(context, Signal.Break);
        context.Complete();
    }
}

/// <summary>What loops have in common: they catch breaks, and leave their last values readable.</summary>
internal abstract class Loop : Activity, ILoop
{
    public const string CurrentValueName = "CurrentValue";
    public const string CurrentIndexName = "CurrentIndex";

    [Child]
    public CompiledActivity? Body { get; set; }

    internal override bool Receive(ActivityContext context, Signal signal, ActivityContext sender)
    {
        if (signal != Signal.Break)
            return false;
        context.IsBreaking = true;
        return true;
    }

    protected static List<LocalVariable> Locals(object? value, long? index = null)
    {
        var locals = new List<LocalVariable>(2) { new(CurrentValueName, value) };
        if (index is { } i)
            locals.Add(new LocalVariable(CurrentIndexName, i));
        return locals;
    }

    /// <summary>As in Elsa, the current value stays readable after the loop.</summary>
    protected static void Leave(ActivityContext context, object? value, long? index = null)
    {
        if (context.Parent is not { } parent)
            return;
        parent.SetLocal(CurrentValueName, value);
        if (index is { } i)
            parent.SetLocal(CurrentIndexName, i);
    }
}

[Activity("Elsa.While", Category = "Looping", Description = "Execute an activity while a given condition evaluates to true.")]
internal sealed class While : Loop
{
    [Input(UIHint = "singleline", AutoEvaluate = false)]
    public Input<bool> Condition { get; } = new();

    protected internal override void Execute(ActivityContext context) => Next(context);

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (context.IsBreaking)
            context.Complete();
        else
            Next(context);
    }

    private void Next(ActivityContext context)
    {
        var holds = Condition.Evaluate(context);
        context.Inputs[Condition.Slot] = ValueConverter.Box(holds);
        if (holds && Body is not null)
            context.Burst.Schedule(Body, context, null, null);
        else
            context.Complete();
    }
}

[Activity("Elsa.For", Category = "Looping", Description = "Iterate over a sequence of steps between a start and an end number.")]
internal sealed class For : Loop
{
    [Input(Description = "The start step.", DefaultValue = 0)]
    public Input<int> Start { get; } = new();

    [Input(Description = "The end step.", DefaultValue = 0)]
    public Input<int> End { get; } = new();

    [Input(Description = "The step size. To count down, enter a negative number.", DefaultValue = 1)]
    public Input<int> Step { get; } = new();

    [Input(DefaultValue = true, Description = "Controls whether the end step is upper/lowerbound inclusive or exclusive. True (inclusive) by default.")]
    public Input<bool> OuterBoundInclusive { get; } = new();

    [Output]
    public Output<object?> CurrentValue { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        if (Step.Get(context) == 0)
            throw new WorkflowFaultException("Step must not be 0: the loop would never end.");
        Next(context);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (context.IsBreaking)
            EndLoop(context);
        else
            Next(context);
    }

    /// <summary><see cref="ActivityContext.Counter"/> counts the rounds begun.</summary>
    private void Next(ActivityContext context)
    {
        var value = ValueOf(context, context.Counter);
        var end = End.Get(context);
        var inclusive = OuterBoundInclusive.Get(context);
        var goesOn = Step.Get(context) > 0 ? inclusive ? value <= end : value < end : inclusive ? value >= end : value > end;
        if (!goesOn || Body is null)
        {
            EndLoop(context);
            return;
        }

        context.Counter++;
        CurrentValue.Set(context, value);
        context.Burst.Schedule(Body, context, null, Locals(value));
    }

    private void EndLoop(ActivityContext context)
    {
        if (context.Counter > 0)
            Leave(context, ValueOf(context, context.Counter - 1));
        context.Complete();
    }

    private long ValueOf(ActivityContext context, long round) => Start.Get(context) + round * Step.Get(context);
}

[Activity("Elsa.ForEach", Category = "Looping", Description = "Iterate over a set of values.")]
internal sealed class ForEach : Loop
{
    [Input(TypeName = "List<Object>", UIHint = "dropdown", Description = "The set of values to iterate.")]
    public Input<object?> Items { get; } = new();

    [Output(Description = "Assign the current value to the specified variable.")]
    public Output<object?> CurrentValue { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        var given = Items.Get(context) ?? throw new WorkflowFaultException("The items to iterate are null.") { TypeName = "ArgumentNullException" };
        var items = LoopItems.Read(given);
        if (given is string text && !text.StartsWith('['))
            context.Inputs[Items.Slot] = items;
        Next(context, items);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        var items = LoopItems.Read(Items.Get(context)!);
        if (context.IsBreaking)
            End(context, items);
        else
            Next(context, items);
    }

    internal override IReadOnlyDictionary<string, object?> DescribeProperties(ActivityContext context) =>
        new Dictionary<string, object?>(StringComparer.Ordinal) { [CurrentIndexName] = context.Counter };

    private void Next(ActivityContext context, IReadOnlyList<object?> items)
    {
        while (context.Counter < items.Count)
        {
            var index = context.Counter++;
            var value = items[(int)index];
            CurrentValue.Set(context, value);
            if (Body is null)
                continue;
            context.Burst.Schedule(Body, context, null, Locals(value, index));
            return;
        }

        End(context, items);
    }

    private static void End(ActivityContext context, IReadOnlyList<object?> items)
    {
        if (context.Counter > 0)
            Leave(context, items[(int)context.Counter - 1], context.Counter - 1);
        context.Complete();
    }
}

[Activity("Elsa.ParallelForEach", Category = "Looping", DisplayName = "Parallel for Each", Description = "Schedule an activity for each item in parallel.")]
internal sealed class ParallelForEach : Loop
{
    [Input(Description = "The items to iterate through.", DefaultValue = "[]")]
    public Input<object?> Items { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        var items = Items.Get(context) is { } given ? LoopItems.Read(given) : [];
        if (Body is null || items.Count == 0)
        {
            context.Complete();
            return;
        }

        for (var i = 0; i < items.Count; i++)
            context.Burst.Schedule(Body, context, null, Locals(items[i], i));
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (context.ActiveChildren == 0 && context.FaultedChildren == 0)
            context.Complete();
    }
}

/// <summary>What loops may iterate over.</summary>
internal static class LoopItems
{
    /// <summary>A list; JSON text of a list; the characters of other text; the pairs of an object.</summary>
    public static IReadOnlyList<object?> Read(object value) => value switch
    {
        IReadOnlyList<object?> list => list,
        string text when text.StartsWith('[') && JsonValues.TryParse(text, out var parsed) && parsed is List<object?> list => list,
        string text => [.. text.Select(object? (c) => c.ToString())],
        JsonElement element when JsonValues.FromElement(element) is { } plain => Read(plain),
        byte[] bytes => [.. bytes.Select(object? (b) => (long)b)],
        IReadOnlyDictionary<string, object?> map =>
            [.. map.Select(object? (p) => new Dictionary<string, object?>(StringComparer.Ordinal) { ["Key"] = p.Key, ["Value"] = p.Value })],
        IEnumerable items => [.. items.Cast<object?>()],
        _ => throw new ValueConversionException($"Cannot iterate over {ValueConverter.ToText(value)}."),
    };
}
