using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Primitives;

[Activity("Elsa.RunJavaScript", Category = "Scripting", DisplayName = "Run JavaScript", Description = "Executes JavaScript code")]
internal sealed class RunJavaScript : Activity
{
    private Func<ActivityContext, object?>? _compiled;

    [Input(UIHint = "code-editor", DefaultSyntax = "JavaScript", Description = "The script to run.")]
    public Input<string?> Script { get; } = new();

    [Input(UIHint = "dynamic-outcomes", TypeName = "List<String>", FixedOutcomes = ["Done"], Description = "A list of possible outcomes.")]
    public Input<IReadOnlyList<object?>> PossibleOutcomes { get; } = new();

    [Output]
    public Output<object?> Result { get; } = new();

    protected internal override void Compile(ActivityCompilation context)
    {
        if (Node.Inputs[Script.Slot].Expression is ConstantExpression { Value: string source } && source.Length > 0)
            _compiled = context.CompileScript("JavaScript", source, "script");
    }

    protected internal override void Execute(ActivityContext context)
    {
        var source = Script.Get(context);
        if (!string.IsNullOrWhiteSpace(source))
        {
            var script = _compiled ?? context.Burst.Workflow.Scripts.Find("JavaScript")?.Invoke(source, Node)
                ?? throw new WorkflowFaultException("JavaScript is not available.");
            var result = script(context);
            // A date that a script made has no offset of its own, and the record shows none.
            context.SetOutput(Result.Slot, result, result is DateTimeOffset date ? date.UtcDateTime : result);
        }

        if (context.ScriptOutcomes is { Count: > 0 } outcomes)
            context.CompleteWith(outcomes);
        else
            context.Complete();
    }
}
