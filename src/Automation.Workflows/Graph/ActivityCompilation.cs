using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Expressions;

namespace Automation.Workflows.Graph;

/// <summary>What an activity may look at and do while its definition is compiled.</summary>
public sealed class ActivityCompilation
{
    private readonly ExpressionBinder _binder;
    private readonly List<DefinitionProblem> _problems;

    internal ActivityCompilation(CompiledActivity activity, ExpressionBinder binder, List<DefinitionProblem> problems, bool tokenBasedFlowcharts)
    {
        Activity = activity;
        _binder = binder;
        _problems = problems;
        TokenBasedFlowcharts = tokenBasedFlowcharts;
    }

    /// <summary>The node.</summary>
    public CompiledActivity Activity { get; }

    /// <summary>The node's JSON in the definition.</summary>
    public JsonObject Json => Activity.Json;

    /// <summary>Whether flowcharts of this workflow are token based.</summary>
    internal bool TokenBasedFlowcharts { get; }

    /// <summary>Binds an expression object <c>{"type":…,"value":…}</c> that is not an ordinary input.</summary>
    /// <param name="expression">The object; null gives null.</param>
    /// <param name="property">The property, for problems.</param>
    /// <param name="typeName">Type alias to convert to.</param>
    public BoundExpression Bind(JsonNode? expression, string property, string typeName = "Object") =>
        _binder.BindExpression(Activity, expression, property, DataType.Find(typeName), this);

    /// <summary>Binds an input wrapper <c>{"typeName":…,"expression":…}</c> or a bare value.</summary>
    internal BoundExpression BindInput(JsonNode? input, string property, DataType type) => _binder.BindInput(Activity, input, property, type, this);

    /// <summary>Compiles a script; null if it has errors, which are reported.</summary>
    internal Func<Execution.ActivityContext, object?>? CompileScript(string language, string source, string property)
    {
        var expression = _binder.Script(language, source, Activity, property, DataType.Object, this);
        return expression is ConstantExpression ? null : expression.Evaluate;
    }

    /// <summary>The child in a property of the node.</summary>
    /// <param name="port">The property, camelCased.</param>
    public CompiledActivity? Child(string port) => Activity.ChildList.Find(c => string.Equals(c.Port, port, StringComparison.Ordinal));

    /// <summary>The child in an entry of a list property.</summary>
    internal CompiledActivity? Child(string port, int index) =>
        Activity.ChildList.Find(c => c.PortIndex == index && string.Equals(c.Port, port, StringComparison.Ordinal));

    /// <summary>Reports something that stops publishing.</summary>
    /// <param name="property">The property concerned; null for the activity as a whole.</param>
    /// <param name="reason">One sentence.</param>
    public void Error(string? property, string reason) => Add(ProblemSeverity.Error, property, reason);

    /// <summary>Reports something worth telling that does not stop publishing.</summary>
    /// <param name="property">The property concerned; null for the activity as a whole.</param>
    /// <param name="reason">One sentence.</param>
    public void Warning(string? property, string reason) => Add(ProblemSeverity.Warning, property, reason);

    /// <summary>Reports an expression that cannot be used: it faults only if it is reached, but whoever publishes a syntax error is stopped.</summary>
    internal void Expression(string property, string reason, int line = 0, int column = 0, bool stopsPublishing = true) =>
        _problems.Add(new DefinitionProblem(ProblemSeverity.Warning, Activity.Id, Activity.Name, property, reason) { StopsPublishing = stopsPublishing, Line = line, Column = column });

    /// <summary>Entries of a list property, whatever form old exports gave it.</summary>
    internal List<JsonObject> List(string property) =>
        DeclarationReader.Unwrap(Json[property]) is { } list ? [.. list.OfType<JsonObject>()] : [];

    private void Add(ProblemSeverity severity, string? property, string reason) =>
        _problems.Add(new DefinitionProblem(severity, Activity.Id, Activity.Name, property, reason));
}
