using Automation.Expressions.Liquid;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Expressions;

/// <summary>A Liquid template at a node: <c>Variables.X</c>, <c>Input.X</c> and the identity of workflow and instance.</summary>
internal static class WorkflowTemplate
{
    public static Func<ActivityContext, object?> Compile(LiquidCompiler compiler, string source, bool elsaQuirks)
    {
        var template = compiler.Compile(source);
        return context => template.Render(new LiquidScope(null, (string name, out object? value) => Resolve(context, name, elsaQuirks, out value)), context.CancellationToken);
    }

    private static bool Resolve(ActivityContext context, string name, bool elsaQuirks, out object? value)
    {
        var scope = context.Activity.Owner;
        value = name switch
        {
            "Variables" when elsaQuirks => new NamedValues((string n, out object? v) => TryGetVariable(context, n, out v), context),
            "Variables" => new NamedValues(context.TryGetVariable, context),
            "Input" => new NamedValues(
                (string n, out object? v) =>
                {
                    v = InputOf(context, n) ?? context.GetWorkflowInput(n);
                    return v is not null;
                },
                context),
            "CorrelationId" => context.CorrelationId,
            "WorkflowInstanceId" => context.InstanceId,
            "WorkflowDefinitionId" => scope.DefinitionId,
            "WorkflowDefinitionVersionId" => scope.VersionId,
            "WorkflowDefinitionVersion" => (long)scope.Version,
            _ => null,
        };
        return value is not null || name is "CorrelationId";
    }

    /// <summary>As in Elsa, a variable declared as <c>JSON</c> can be written and listed, but its members read as nothing.</summary>
    private static bool TryGetVariable(ActivityContext context, string name, out object? value)
    {
        var found = context.TryGetVariable(name, out value);
        if (value is IReadOnlyDictionary<string, object?> members && string.Equals(context.FindDeclaredVariable(name)?.Type.Alias, "JSON", StringComparison.OrdinalIgnoreCase))
            value = new WithoutMembers(members);
        return found;
    }

    private static object? InputOf(ActivityContext context, string name)
    {
        var inputs = context.Activity.Inputs;
        for (var i = 0; i < context.Inputs.Length; i++)
        {
            if (string.Equals(inputs[i].Name, name, StringComparison.OrdinalIgnoreCase))
                return context.InputAt(i);
        }

        return null;
    }

    private delegate bool Reader(string name, out object? value);

    private sealed class NamedValues(Reader read, ActivityContext context) : LiquidObject
    {
        public override IEnumerable<string> Names => context.VariableNames;

        public override bool TryGet(string name, out object? value) => read(name, out value);
    }

    private sealed class WithoutMembers(object value) : LiquidObject
    {
        public override object Listed => value;

        public override bool TryGet(string name, out object? value)
        {
            value = null;
            return false;
        }
    }
}
