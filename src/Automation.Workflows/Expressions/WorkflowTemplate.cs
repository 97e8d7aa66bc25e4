using Automation.Expressions.Liquid;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Expressions;

/// <summary>A Liquid template at a node: <c>Variables.X</c>, <c>Input.X</c> and the identity of workflow and instance.</summary>
internal static class WorkflowTemplate
{
    public static Func<ActivityContext, object?> Compile(LiquidCompiler compiler, string source)
    {
        var template = compiler.Compile(source);
        return context => template.Render(new LiquidScope(null, (string name, out object? value) => Resolve(context, name, out value)), context.CancellationToken);
    }

    private static bool Resolve(ActivityContext context, string name, out object? value)
    {
        var scope = context.Activity.Owner;
        value = name switch
        {
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
}
