using System.Text.Json.Nodes;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Expressions;

namespace Automation.Workflows.Graph;

/// <summary>One node of a compiled definition: what it is, where it stands, and its bound inputs and outputs. Immutable once compiled.</summary>
public sealed class CompiledActivity
{
    internal CompiledActivity(int index, string id, string nodeId, ActivityType type, CompiledActivity? parent, CompiledScope scope, JsonObject json)
    {
        Index = index;
        Id = id;
        NodeId = nodeId;
        ActivityType = type;
        Parent = parent;
        Owner = scope;
        Json = json;
        Name = DeclarationReader.Text(json, "name");
        Version = json["version"] is JsonValue v && v.TryGetValue(out int version) && version > 0 ? version : type.Descriptor.Version;
    }

    /// <summary>Position in <see cref="CompiledWorkflow.Activities"/>.</summary>
    public int Index { get; }

    /// <summary>The id that definitions use; unique within its workflow.</summary>
    public string Id { get; }

    /// <summary>Ids of all ancestors and its own, joined by colons; unique within the graph.</summary>
    public string NodeId { get; }

    /// <summary>The type name as recorded in journals.</summary>
    public string Type => ActivityType.Descriptor.TypeName;

    /// <summary>The version that the definition asks for.</summary>
    public int Version { get; }

    /// <summary>Name for people; null if it has none.</summary>
    public string? Name { get; }

    /// <summary>What kind of activity it is.</summary>
    public ActivityKind Kind => ActivityType.Descriptor.Kind;

    /// <summary>The activity around it; null for the workflow itself.</summary>
    public CompiledActivity? Parent { get; }

    /// <summary>Whether a definition may start here.</summary>
    public bool CanStartWorkflow { get; internal set; }

    /// <summary>Whether the flow ends with this activity.</summary>
    public bool IsTerminal => ActivityType.Descriptor.IsTerminal;

    /// <summary>The activities directly inside, in document order.</summary>
    public IReadOnlyList<CompiledActivity> Children => ChildList;

    /// <summary>Its JSON in the definition.</summary>
    public JsonObject Json { get; }

    internal List<CompiledActivity> ChildList { get; } = [];

    /// <summary>The property of the parent that holds it.</summary>
    internal string Port { get; set; } = "root";

    /// <summary>Position inside the parent's list property; -1 where it holds one activity.</summary>
    internal int PortIndex { get; set; } = -1;

    internal ActivityType ActivityType { get; }

    /// <summary>The workflow (or workflow used as an activity) that it belongs to.</summary>
    internal CompiledScope Owner { get; }

    internal Activity Behavior { get; set; } = null!;

    internal BoundInput[] Inputs { get; set; } = [];

    internal BoundOutput[] Outputs { get; set; } = [];

    /// <summary>Variables declared here; they live as long as an execution of this node.</summary>
    internal VariableDefinition[] Variables { get; set; } = [];

    /// <summary>Whether two of <see cref="Variables"/> have the same name. As in Elsa, none of them can then be assigned by id.</summary>
    internal bool HasAmbiguousVariables { get; set; }

    /// <summary>Defaults of <see cref="Variables"/>, converted once.</summary>
    internal object?[] VariableDefaults { get; set; } = [];

    /// <summary>How long an execution may take, waits included; null for as long as it likes.</summary>
    internal TimeSpan? Timeout { get; set; }

    /// <summary>Whether it runs as a background job beside the workflow.</summary>
    internal bool RunAsynchronously { get; set; }

    internal CommitPoints Commit { get; set; }

    internal LogPersistence Log { get; set; } = LogPersistence.All;

    internal string? MergeMode { get; set; }

    /// <summary><c>customProperties.resilienceStrategy</c>; null for none.</summary>
    internal BoundExpression? Resilience { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"{Type} {NodeId}";
}

/// <summary>A workflow within a graph: the one that runs, or one used in it as an activity. Ids and names are looked up per scope.</summary>
internal sealed class CompiledScope(WorkflowDefinition definition, CompiledScope? outer)
{
    public WorkflowDefinition Definition { get; } = definition;

    public CompiledScope? Outer { get; } = outer;

    public string DefinitionId { get; } = definition.DefinitionId ?? "";

    public string VersionId { get; } = definition.Id ?? "";

    public int Version { get; } = definition.Version;

    public IReadOnlyList<InputDefinition> Inputs { get; } = definition.Inputs;

    public IReadOnlyList<OutputDefinition> Outputs { get; } = definition.Outputs;

    /// <summary>By id; the first of equal ids.</summary>
    public Dictionary<string, CompiledActivity> ById { get; } = new(StringComparer.Ordinal);

    /// <summary>By name; the first of equal names.</summary>
    public Dictionary<string, CompiledActivity> ByName { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The workflow activity itself.</summary>
    public CompiledActivity Root { get; set; } = null!;

    public CompiledActivity? Find(string idOrName) => ById.TryGetValue(idOrName, out var a) || ByName.TryGetValue(idOrName, out a) ? a : null;
}

/// <summary>Where the runtime is asked to commit around an activity.</summary>
[Flags]
internal enum CommitPoints
{
    None = 0,
    Before = 1,
    After = 2,
}

/// <summary>An input of a node with its expression.</summary>
internal sealed class BoundInput(string name, DataType type, BoundExpression expression, bool isGiven)
{
    /// <summary>PascalCased, as records show it.</summary>
    public string Name { get; } = name;

    public DataType Type { get; } = type;

    public BoundExpression Expression { get; } = expression;

    /// <summary>Whether the definition gives it; else <see cref="Expression"/> is the default.</summary>
    public bool IsGiven { get; } = isGiven;

    public bool AutoEvaluate { get; init; } = true;

    public bool IsSensitive { get; init; }

    /// <summary>A plain value of the definition, not an expression.</summary>
    public bool IsUnwrapped { get; init; }
}

/// <summary>An output of a node and what it is bound to.</summary>
internal sealed class BoundOutput(string name, VariableReference? variable, string? workflowOutput)
{
    public string Name { get; } = name;

    /// <summary>The variable it writes; null for none.</summary>
    public VariableReference? Variable { get; } = variable;

    /// <summary>The workflow output it writes; null for none.</summary>
    public string? WorkflowOutput { get; } = workflowOutput;

    public bool IsSerializable { get; init; } = true;
}

/// <summary>A declared variable found at compile time: the declaring node and the position there.</summary>
internal sealed record VariableReference(CompiledActivity Declaring, int Slot, VariableDefinition Variable);

/// <summary>What records keep of an activity.</summary>
internal sealed class LogPersistence
{
    public static LogPersistence All { get; } = new();

    public bool Inputs { get; init; } = true;

    public bool Outputs { get; init; } = true;

    public bool InternalState { get; init; } = true;

    public IReadOnlyDictionary<string, bool>? PerInput { get; init; }

    public IReadOnlyDictionary<string, bool>? PerOutput { get; init; }

    public bool KeepsInput(string name) => PerInput is not null && PerInput.TryGetValue(name, out var keep) ? keep : Inputs;

    public bool KeepsOutput(string name) => PerOutput is not null && PerOutput.TryGetValue(name, out var keep) ? keep : Outputs;
}
