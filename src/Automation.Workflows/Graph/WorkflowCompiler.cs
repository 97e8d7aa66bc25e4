using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Expressions;

namespace Automation.Workflows.Graph;

/// <summary>Compiles definitions into graphs. Safe for concurrent use.</summary>
public sealed class WorkflowCompiler
{
    private readonly ActivityCatalog _catalog;
    private readonly IWorkflowSource? _workflows;
    private readonly WorkflowEngineOptions _options;
    private readonly ScriptLanguages _languages;
    private readonly ExpressionBinder _binder;

    /// <summary>A compiler.</summary>
    /// <param name="catalog">The activity types that exist.</param>
    /// <param name="workflows">Workflows that may be used as activities; null for none.</param>
    /// <param name="options">Behaviour; null for the defaults.</param>
    /// <param name="time">The clock that scripts read; null for the system's.</param>
    public WorkflowCompiler(ActivityCatalog catalog, IWorkflowSource? workflows = null, WorkflowEngineOptions? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        _catalog = catalog;
        _workflows = workflows;
        _options = options ?? new WorkflowEngineOptions();
        _languages = ScriptHost.CreateLanguages(time ?? TimeProvider.System, _options);
        _binder = new ExpressionBinder(_languages);
    }

    /// <summary>Compiles a definition.</summary>
    /// <param name="definition">The definition; must not change afterwards.</param>
    /// <returns>The graph, with warnings.</returns>
    /// <exception cref="DefinitionException">The definition has errors; lists every problem.</exception>
    public CompiledWorkflow Compile(WorkflowDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var problems = new List<DefinitionProblem>();
        var compiled = TryCompile(definition, problems);
        if (problems.Exists(p => p.Severity == ProblemSeverity.Error))
            throw new DefinitionException([.. problems.OrderByDescending(p => p.Severity)]);
        return compiled;
    }

    /// <summary>Lists everything that is wrong with a definition, errors first.</summary>
    /// <param name="definition">The definition.</param>
    public IReadOnlyList<DefinitionProblem> Validate(WorkflowDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var problems = new List<DefinitionProblem>();
        TryCompile(definition, problems);
        return [.. problems.OrderByDescending(p => p.Severity)];
    }

    private CompiledWorkflow TryCompile(WorkflowDefinition definition, List<DefinitionProblem> problems)
    {
        var build = new GraphBuild(_catalog, _workflows, problems);
        var root = build.Add(definition);
        var bound = new ActivityBinding(_binder, problems, _options.WorkflowTimeout);
        foreach (var node in build.Nodes)
            bound.Declare(node);
        foreach (var node in build.Nodes)
            bound.Bind(node, IsTokenBased(node.Owner.Definition));
        var compiled = new CompiledWorkflow(definition, root.Owner, [.. build.Nodes], problems)
        {
            Scripts = _languages,
            IncidentStrategy = Strategy(definition.IncidentStrategyType),
            ActivationStrategy = Activation(definition.ActivationStrategyType),
        };
        CommitStrategies.Apply(compiled);
        compiled.Triggers = TriggerReader.Read(compiled, problems);
        return compiled;
    }

    private bool IsTokenBased(WorkflowDefinition definition)
    {
        if (definition.CustomProperties?["Flowchart:ExecutionMode"] is JsonValue mode && mode.TryGetValue(out string? text))
        {
            if (string.Equals(text, "TokenBased", StringComparison.OrdinalIgnoreCase))
                return true;
            if (string.Equals(text, "CounterBased", StringComparison.OrdinalIgnoreCase))
                return false;
        }

        return _options.TokenBasedFlowcharts;
    }

    private IncidentStrategy Strategy(string? type)
    {
        var name = ShortName(type, out var isShort);
        if (isShort && !_options.ShortStrategyNames && name is not null)
            return IncidentStrategy.Fault;
        return name switch
        {
            "ContinueWithIncidentsStrategy" or "ContinueWithIncidents" => IncidentStrategy.ContinueWithIncidents,
            "FaultStrategy" or "Fault" => IncidentStrategy.Fault,
            null => _options.DefaultIncidentStrategy,
            _ => IncidentStrategy.Fault,
        };
    }

    private static ActivationStrategy Activation(string? type) => ShortName(type, out _) switch
    {
        "SingletonStrategy" or "Singleton" => ActivationStrategy.Singleton,
        "CorrelatedSingletonStrategy" or "CorrelatedSingleton" => ActivationStrategy.CorrelatedSingleton,
        "CorrelationStrategy" or "Correlation" => ActivationStrategy.Correlation,
        _ => ActivationStrategy.Always,
    };

    /// <summary>The class name out of "Namespace.Class, Assembly"; namespaces have varied.</summary>
    private static string? ShortName(string? type, out bool isShort)
    {
        isShort = true;
        if (string.IsNullOrWhiteSpace(type))
            return null;
        var full = type.Split(',')[0].Trim();
        var dot = full.LastIndexOf('.');
        isShort = dot < 0;
        return full[(dot + 1)..];
    }
}
