using System.Text.Json.Nodes;
using Automation.Workflows.Activities.Flow;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Control;

[Activity("Elsa.If", Category = "Branching", Description = "Evaluate a Boolean condition to determine which activity to execute next.")]
internal sealed class If : Activity
{
    [Input(UIHint = "singleline")]
    public Input<bool> Condition { get; } = new();

    [Output]
    public Output<bool> Result { get; } = new();

    [Child]
    public CompiledActivity? Then { get; set; }

    [Child]
    public CompiledActivity? Else { get; set; }

    protected internal override void Execute(ActivityContext context)
    {
        var condition = Condition.Get(context);
        Result.Set(context, condition);
        if ((condition ? Then : Else) is { } branch)
            context.Schedule(branch);
        else
            context.Complete();
    }
}

[Activity("Elsa.Switch", Category = "Branching", Description = "Evaluate a set of case conditions and schedule the activity for a matching case.")]
internal sealed class Switch : Activity
{
    private (string Label, BoundExpression Condition)[] _cases = [];
    private CompiledActivity?[] _branches = [];

    [Input(UIHint = "switch-editor", TypeName = "System.Collections.Generic.ICollection`1[[Elsa.Workflows.Activities.SwitchCase, Elsa.Workflows.Core]], System.Private.CoreLib", Description = "The cases to evaluate.")]
    public JsonNode? Cases { get; set; }

    [Input(UIHint = "dropdown", Options = ["MatchFirst", "MatchAny"], DefaultValue = "MatchFirst", TypeName = "Elsa.Workflows.SwitchMode, Elsa.Workflows.Core",
        Description = "The switch mode determines whether the first match should be scheduled, or all matches.")]
    public Input<SwitchMode> Mode { get; } = new();

    [Output]
    public Output<object?> Output { get; } = new();

    [Child]
    public CompiledActivity? Default { get; set; }

    protected internal override void Compile(ActivityCompilation context)
    {
        _cases = SwitchCases.Read(context);
        _branches = [.. _cases.Select((_, i) => context.Child("cases.activity", i))];
    }

    protected internal override void Execute(ActivityContext context)
    {
        var matches = SwitchCases.Matches(context, _cases, Mode.Get(context));
        var scheduled = false;
        foreach (var match in matches)
        {
            if (_branches[match] is not { } branch)
                continue;
            context.Schedule(branch);
            scheduled = true;
        }

        if (matches.Count == 0 && Default is not null)
        {
            context.Schedule(Default);
            scheduled = true;
        }

        if (!scheduled)
            context.Complete();
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (context.ActiveChildren == 0 && context.FaultedChildren == 0)
            context.Complete();
    }
}
