using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Control;

/// <summary>
/// States joined by transitions. In a state the triggers of all its transitions wait; the first that completes and whose condition
/// holds wins: the others are cancelled, the transition's action and the state's exit run, and the target state is entered.
/// </summary>
[Activity("Elsa.StateMachine", Category = "Flow", DisplayName = "State Machine", Description = "A state machine that moves between states by transitions.")]
internal sealed class StateMachine : Activity
{
    private readonly Dictionary<string, MachineState> _states = new(StringComparer.Ordinal);
    private Transition[] _transitions = [];

    [Input(Description = "The state to begin with.")]
    public string? InitialState { get; set; }

    [Input(IsBrowsable = false)]
    public string? CurrentState { get; set; }

    protected internal override void Compile(ActivityCompilation context)
    {
        foreach (var (json, i) in context.List("states").Select((s, i) => (s, i)))
        {
            var name = DeclarationReader.Text(json, "name") ?? "";
            if (name.Length == 0)
                context.Error($"states[{i}].name", "is missing.");
            else if (!_states.TryAdd(name, new MachineState(name, context.Child("states.entry", i), context.Child("states.exit", i))))
                context.Error($"states[{i}].name", $"'{name}' is used by more than one state.");
        }

        _transitions = [.. context.List("transitions").Select((t, i) => new Transition(
            i,
            DeclarationReader.Text(t, "from") ?? "",
            DeclarationReader.Text(t, "to") ?? "",
            context.Child("transitions.trigger", i),
            t["condition"] is null ? null : context.BindInput(t["condition"], $"transitions[{i}].condition", DataType.Find("Boolean")),
            context.Child("transitions.action", i)))];
        foreach (var t in _transitions)
        {
            if (!_states.ContainsKey(t.From))
                context.Error($"transitions[{t.Index}].from", $"names state '{t.From}', which does not exist.");
            if (!_states.ContainsKey(t.To))
                context.Error($"transitions[{t.Index}].to", $"names state '{t.To}', which does not exist.");
        }

        if (InitialState is { Length: > 0 } initial && !_states.ContainsKey(initial))
            context.Error("initialState", $"names state '{initial}', which does not exist.");
    }

    protected internal override void Execute(ActivityContext context)
    {
        var initial = InitialState is { Length: > 0 } ? InitialState : CurrentState is { Length: > 0 } ? CurrentState : _states.Keys.FirstOrDefault();
        if (initial is null)
            context.Complete();
        else
            Enter(context, initial);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        var tag = child.Tag ?? "";
        var number = tag.Length > 1 ? int.Parse(tag.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture) : -1;
        switch (tag.Length > 0 ? tag[0] : ' ')
        {
            case 'E':
                Await(context);
                break;
            case 'T':
                Triggered(context, _transitions[number]);
                break;
            case 'A':
                Exit(context, _transitions[number]);
                break;
            case 'X':
                Enter(context, _transitions[number].To);
                break;
        }
    }

    internal override IReadOnlyDictionary<string, object?> DescribeProperties(ActivityContext context) =>
        new Dictionary<string, object?>(StringComparer.Ordinal) { ["CurrentState"] = context.PropertyMap?.GetValueOrDefault("CurrentState") };

    private void Enter(ActivityContext context, string state)
    {
        context.Properties["CurrentState"] = state;
        context.Touch();
        if (_states[state].Entry is { } entry)
            context.Schedule(entry, "E");
        else
            Await(context);
    }

    private void Await(ActivityContext context)
    {
        var state = (string)context.Properties["CurrentState"]!;
        var waits = false;
        foreach (var t in _transitions)
        {
            if (t.Trigger is null || !string.Equals(t.From, state, StringComparison.Ordinal))
                continue;
            context.Schedule(t.Trigger, Tag('T', t));
            waits = true;
        }

        if (!waits)
            context.Complete();
    }

    private void Triggered(ActivityContext context, Transition t)
    {
        if (t.Condition is not null && t.Condition.Evaluate(context) is not true)
        {
            context.Schedule(t.Trigger!, Tag('T', t));
            return;
        }

        context.Burst.CancelChildren(context);
        if (t.Action is not null)
            context.Schedule(t.Action, Tag('A', t));
        else
            Exit(context, t);
    }

    private void Exit(ActivityContext context, Transition t)
    {
        if (_states[t.From].Exit is { } exit)
            context.Schedule(exit, Tag('X', t));
        else
            Enter(context, t.To);
    }

    private static string Tag(char kind, Transition t) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{kind}{t.Index}");

    private sealed record MachineState(string Name, CompiledActivity? Entry, CompiledActivity? Exit);

    private sealed record Transition(int Index, string From, string To, CompiledActivity? Trigger, BoundExpression? Condition, CompiledActivity? Action);
}
