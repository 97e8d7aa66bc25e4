using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Flow;

[Activity("Elsa.Start", Category = "Flow", Description = "A milestone activity that marks the start of a flowchart.", IsStart = true)]
internal sealed class Start : Activity
{
    protected internal override void Execute(ActivityContext context) => context.Complete();
}

[Activity("Elsa.End", Category = "Flow", Description = "A milestone activity that marks the end of a flowchart.", IsTerminal = true)]
internal sealed class End : Activity
{
    protected internal override void Execute(ActivityContext context) => context.Complete();
}

[Activity("Elsa.FlowNode", Category = "Flow", DisplayName = "Container", Description = "A simple container that executes the specified activity.")]
internal sealed class FlowNode : Activity
{
    [Child]
    public CompiledActivity? Body { get; set; }

    protected internal override void Execute(ActivityContext context)
    {
        if (Body is null)
            context.Complete();
        else
            context.Schedule(Body);
    }
}

[Activity("Elsa.FlowDecision", Category = "Branching", DisplayName = "Decision", Description = "Evaluate a Boolean condition to determine which path to execute next.")]
[Outcome("True")]
[Outcome("False")]
internal sealed class FlowDecision : Activity
{
    private static readonly string[] WhenTrue = ["True"];
    private static readonly string[] WhenFalse = ["False"];

    [Input(UIHint = "singleline")]
    public Input<bool> Condition { get; } = new();

    protected internal override void Execute(ActivityContext context) => context.CompleteWith(Condition.Get(context) ? WhenTrue : WhenFalse);
}

[Activity("Elsa.FlowSwitch", Category = "Branching", DisplayName = "Switch (flow)", Description = "Evaluate a set of case conditions and schedule the activity for a matching case.")]
[Outcome("Default")]
internal sealed class FlowSwitch : Activity
{
    private (string Label, BoundExpression Condition)[] _cases = [];

    [Input(UIHint = "flow-switch-editor", TypeName = "System.Collections.Generic.ICollection`1[[Elsa.Workflows.Activities.Flowchart.Models.FlowSwitchCase, Elsa.Workflows.Core]], System.Private.CoreLib")]
    public JsonNode? Cases { get; set; }

    [Input(UIHint = "dropdown", Options = ["MatchFirst", "MatchAny"], DefaultValue = "MatchFirst", TypeName = "Elsa.Workflows.SwitchMode, Elsa.Workflows.Core",
        Description = "The switch mode determines whether the first match should be scheduled, or all matches.")]
    public Input<SwitchMode> Mode { get; } = new();

    protected internal override void Compile(ActivityCompilation context) => _cases = SwitchCases.Read(context);

    protected internal override void Execute(ActivityContext context)
    {
        var matches = SwitchCases.Matches(context, _cases, Mode.Get(context));
        if (matches.Count == 0)
            context.Complete("Default");
        else
            context.CompleteWith([.. matches.Select(m => _cases[m].Label)]);
    }
}

/// <summary>Which cases of a switch are taken.</summary>
internal enum SwitchMode
{
    /// <summary>The first that holds.</summary>
    MatchFirst,

    /// <summary>All that hold.</summary>
    MatchAny,
}

/// <summary>The cases of both switches.</summary>
internal static class SwitchCases
{
    public static (string Label, BoundExpression Condition)[] Read(ActivityCompilation context) =>
        [.. context.List("cases").Select((c, i) => (DeclarationReader.Text(c, "label") ?? "", context.Bind(c["condition"], $"cases[{i}].condition", "Boolean")))];

    public static List<int> Matches(ActivityContext context, (string Label, BoundExpression Condition)[] cases, SwitchMode mode)
    {
        var matches = new List<int>();
        for (var i = 0; i < cases.Length; i++)
        {
            if (cases[i].Condition.Evaluate(context) is not true)
                continue;
            matches.Add(i);
            if (mode == SwitchMode.MatchFirst)
                break;
        }

        return matches;
    }
}

[Activity("Elsa.FlowFork", Category = "Branching", DisplayName = "Fork (flow)", Description = "Branch execution into multiple branches that will be executed in parallel.")]
internal sealed class FlowFork : Activity
{
    [Input(UIHint = "dynamic-outcomes", TypeName = "List<String>", Description = "A list of expected outcomes to handle.")]
    public Input<IReadOnlyList<object?>> Branches { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        var branches = Branches.Get(context);
        if (branches is null or { Count: 0 })
            context.Complete();
        else
            context.CompleteWith([.. branches.Where(b => b is not null).Select(b => ValueConverter.ToText(b!))]);
    }
}

/// <summary>When a join goes on.</summary>
internal enum FlowJoinMode
{
    /// <summary>At the first branch that arrives; the others are cancelled.</summary>
    WaitAny,

    /// <summary>When every branch has arrived; not at all if one was not taken.</summary>
    WaitAll,

    /// <summary>When every branch that was taken has arrived.</summary>
    WaitAllActive,
}

[Activity("Elsa.FlowJoin", Category = "Branching", DisplayName = "Join", Description = "Explicitly merge multiple branches into a single branch of execution.")]
internal sealed class FlowJoin : Activity
{
    private FlowJoinMode? _constant;

    [Input(UIHint = "dropdown", Options = ["WaitAll", "WaitAllActive", "WaitAny"], DefaultValue = "WaitAny",
        TypeName = "Elsa.Workflows.Activities.Flowchart.Models.FlowJoinMode, Elsa.Workflows.Core",
        Description = "The join mode determines whether this activity should continue as soon as one inbound path comes in (WaitAny), or once all inbound paths have executed (WaitAll). To wait for all activated inbound paths, set the mode to WaitAllActive.")]
    public Input<FlowJoinMode> Mode { get; } = new();

    protected internal override void Compile(ActivityCompilation context)
    {
        if (Node.Inputs[Mode.Slot].Expression is ConstantExpression { Value: { } value })
            _constant = ClrTypes.As<FlowJoinMode>(value);
    }

    /// <summary>The mode as seen from the flowchart around it, before the join runs.</summary>
    public FlowJoinMode ModeOf(ActivityContext flowchart) =>
        _constant ?? ClrTypes.As<FlowJoinMode>(Node.Inputs[Mode.Slot].Expression.Evaluate(flowchart));

    protected internal override void Execute(ActivityContext context)
    {
        if (Mode.Get(context) == FlowJoinMode.WaitAny && context.Parent?.Activity.Behavior is Flowchart flowchart)
            flowchart.CancelOtherWays(context.Parent, Node);
        context.Complete();
    }
}

[Activity(TypeName, Category = "System", Description = "A placeholder activity that will be used in case a workflow definition references an activity type that cannot be found.", IsBrowsable = false)]
internal sealed class NotFoundActivity : Activity
{
    public const string TypeName = "Elsa.NotFoundActivity";

    public string MissingType { get; init; } = "";

    public int MissingVersion { get; init; }

    protected internal override void Execute(ActivityContext context)
    {
        // A definition that another server has written names the missing type in its own members.
        var type = MissingType.Length > 0 ? MissingType : DeclarationReader.Text(Node.Json, "missingTypeName") ?? "?";
        throw new WorkflowFaultException($"Activity type '{type}' version '{MissingVersion}' could not be found.") { TypeName = "ActivityNotFoundException" };
    }
}
