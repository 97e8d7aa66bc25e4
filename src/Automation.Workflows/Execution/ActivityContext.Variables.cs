using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Execution;

public sealed partial class ActivityContext
{
    /// <summary>The value of the nearest variable of that name; null if there is none.</summary>
    /// <param name="name">The variable's name; case counts.</param>
    public object? GetVariable(string name) => TryGetVariable(name, out var value) ? value : null;

    /// <summary>Sets the nearest variable of that name; where there is none, one is made in the execution around this one.</summary>
    /// <param name="name">The variable's name; case counts.</param>
    /// <param name="value">A plain value.</param>
    public void SetVariable(string name, object? value)
    {
        ArgumentNullException.ThrowIfNull(name);
        for (var context = this; context is not null; context = context.OuterInWorkflow)
        {
            if (context.FindLocal(name) is { } local)
            {
                local.Value = value;
                return;
            }

            var slot = context.FindDeclared(name);
            if (slot >= 0)
            {
                context.Scope[slot] = ValueConverter.Typed(value, context.Activity.Variables[slot].Type);
                context.Touch();
                return;
            }
        }

        (OuterInWorkflow ?? this).SetLocal(name, value);
    }

    /// <summary>The workflow input of that name (of the nearest workflow used as an activity); null if there is none.</summary>
    /// <param name="name">The input's name; case does not count.</param>
    public object? GetWorkflowInput(string name)
    {
        // A workflow used as an activity has its own inputs evaluated in the workflow around it.
        for (var context = Parent; context is not null; context = context.Parent)
        {
            if (context.Activity.ActivityType.Workflow is not null)
            {
                // Inputs of a workflow used as an activity are the inputs of its node.
                var inputs = context.Activity.Inputs;
                for (var i = 0; i < inputs.Length; i++)
                {
                    if (string.Equals(inputs[i].Name, name, StringComparison.OrdinalIgnoreCase))
                        return context.InputAt(i);
                }

                return null;
            }
        }

        return State.GetInput(name);
    }

    /// <summary>An output that an activity gave in this burst; null if it gave none.</summary>
    /// <param name="activityIdOrName">The activity.</param>
    /// <param name="outputName">The output; null for <c>Result</c>.</param>
    /// <exception cref="WorkflowFaultException">There is no such activity.</exception>
    public object? GetOutputFrom(string activityIdOrName, string? outputName = null)
    {
        ArgumentNullException.ThrowIfNull(activityIdOrName);
        CompiledActivity? node = null;
        for (var scope = Activity.Owner; scope is not null && node is null; scope = scope.Outer)
            node = scope.Find(activityIdOrName);
        if (node is null)
            throw new WorkflowFaultException($"There is no activity with id or name '{activityIdOrName}'.");
        return Burst.FindOutput(node, outputName);
    }

    /// <summary>The last <c>Result</c> that any activity gave in this burst; null if there is none.</summary>
    public object? GetLastResult() => Burst.State.LastResult;

    /// <summary>Names of all variables in sight, nearest first; a name may come more than once.</summary>
    internal IEnumerable<string> VariableNames
    {
        get
        {
            for (var context = this; context is not null; context = context.OuterInWorkflow)
            {
                if (context.Locals is { } locals)
                {
                    foreach (var local in locals)
                        yield return local.Name;
                }

                foreach (var variable in context.Activity.Variables)
                    yield return variable.Name;
                if (context.Parent is not null)
                    continue;
                for (var node = context.Activity.Parent; node is not null; node = node.Parent)
                {
                    foreach (var variable in node.Variables)
                        yield return variable.Name;
                }
            }
        }
    }

    /// <summary>The declaration of the nearest variable of that name; null where it is not declared.</summary>
    internal VariableDefinition? FindDeclaredVariable(string name)
    {
        for (var context = this; context is not null; context = context.OuterInWorkflow)
        {
            if (context.FindLocal(name) is not null)
                return null;
            var slot = context.FindDeclared(name);
            if (slot >= 0)
                return context.Activity.Variables[slot];
        }

        return null;
    }

    internal bool TryGetVariable(string name, out object? value)
    {
        for (var context = this; context is not null; context = context.OuterInWorkflow)
        {
            if (context.FindLocal(name) is { } local)
            {
                value = local.Value;
                return true;
            }

            var slot = context.FindDeclared(name);
            if (slot >= 0)
            {
                value = context.Scope[slot];
                return true;
            }
        }

        return TryGetUndeclaredScope(name, out value);
    }

    /// <summary>For an activity that runs alone: defaults of the variables declared around its node.</summary>
    private bool TryGetUndeclaredScope(string name, out object? value)
    {
        var outermost = this;
        while (outermost.OuterInWorkflow is { } outer)
            outermost = outer;
        for (var node = outermost.Activity.Parent; outermost.Parent is null && node is not null; node = node.Parent)
        {
            var slot = Array.FindIndex(node.Variables, v => string.Equals(v.Name, name, StringComparison.Ordinal));
            if (slot >= 0)
            {
                value = node.VariableDefaults[slot];
                return true;
            }
        }

        value = null;
        return false;
    }

    internal object? GetVariable(VariableReference variable)
    {
        if (Declaring(variable) is { } context)
            return context.Scope[variable.Slot];

        // An activity that runs alone, to be tried out, has nothing around it: the declared default stands in.
        return TryGetVariable(variable.Variable.Name, out var value) ? value : variable.Declaring.VariableDefaults[variable.Slot];
    }

    internal void SetVariable(VariableReference variable, object? value)
    {
        if (Declaring(variable) is not { } context)
        {
            SetLocal(variable.Variable.Name, value);
            return;
        }

        context.Scope[variable.Slot] = ValueConverter.Typed(value, variable.Variable.Type);
        context.Touch();
    }

    internal void SetLocal(string name, object? value)
    {
        if (FindLocal(name) is { } local)
            local.Value = value;
        else
            (Locals ??= []).Add(new LocalVariable(name, value));
    }

    /// <summary>Sets an output of the nearest workflow used as an activity that declares it, else of the instance.</summary>
    internal void SetWorkflowOutput(string name, object? value)
    {
        for (var context = Parent; context is not null; context = context.Parent)
        {
            if (context.Activity.ActivityType.Workflow is null)
                continue;
            var outputs = context.Activity.Outputs;
            for (var i = 0; i < outputs.Length; i++)
            {
                if (string.Equals(outputs[i].Name, name, StringComparison.OrdinalIgnoreCase))
                {
                    context.SetOutput(i, value);
                    return;
                }
            }
        }

        State.Output[name] = value;
    }

    /// <summary>The next execution outwards whose variables are in sight; a workflow used as an activity sees only its own.</summary>
    private ActivityContext? OuterInWorkflow =>
        Parent is null || ReferenceEquals(Parent.Activity.Owner, Activity.Owner) ? Parent : null;

    private ActivityContext? Declaring(VariableReference variable)
    {
        var context = this;
        while (context is not null && !ReferenceEquals(context.Activity, variable.Declaring))
            context = context.Parent;
        return context;
    }

    private LocalVariable? FindLocal(string name)
    {
        if (Locals is null)
            return null;
        foreach (var local in Locals)
        {
            if (string.Equals(local.Name, name, StringComparison.Ordinal))
                return local;
        }

        return null;
    }

    private int FindDeclared(string name)
    {
        var variables = Activity.Variables;
        for (var i = 0; i < variables.Length; i++)
        {
            if (string.Equals(variables[i].Name, name, StringComparison.Ordinal))
                return i;
        }

        return -1;
    }

    /// <summary>Marks that the record of this execution changed in this burst.</summary>
    internal void Touch()
    {
        if (!IsTouched)
            Burst.Touch(this);
    }
}
