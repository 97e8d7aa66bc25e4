using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Workflows.Activities;
using Automation.Workflows.Activities.Flow;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Graph;

/// <summary>Makes the nodes of a graph out of a definition's JSON, workflows used as activities included.</summary>
internal sealed class GraphBuild(ActivityCatalog catalog, IWorkflowSource? workflows, List<DefinitionProblem> problems)
{
    private const int MaxNesting = 20;

    /// <summary>All nodes so far, parents before their children.</summary>
    public List<CompiledActivity> Nodes { get; } = [];

    public CompiledActivity Add(WorkflowDefinition definition) => AddWorkflow(definition, null, null, 0);

    /// <summary>The workflow activity and everything below it.</summary>
    private CompiledActivity AddWorkflow(WorkflowDefinition definition, CompiledActivity? parent, CompiledScope? outer, int nesting)
    {
        var scope = new CompiledScope(definition, outer);
        // Elsa numbers workflow activities from the inside out.
        var id = string.Create(CultureInfo.InvariantCulture, $"Workflow{Depth(definition, nesting)}");
        var type = catalog.FindType("Elsa.Workflow", 1)!;
        var workflow = Node(id, parent, scope, type, new JsonObject());
        scope.Root = workflow;
        scope.ById.TryAdd(id, workflow);
        if (parent is not null)
        {
            workflow.Port = "root";
            parent.ChildList.Add(workflow);
        }

        var made = new Dictionary<JsonObject, CompiledActivity>(ReferenceEqualityComparer.Instance);
        foreach (var element in ActivityTree.Walk(definition.Root))
        {
            var container = element.Parent is null ? workflow : made[element.Parent.Json];
            var node = AddActivity(element, container, scope, nesting);
            made.Add(element.Json, node);
        }

        return workflow;
    }

    private CompiledActivity AddActivity(ActivityElement element, CompiledActivity container, CompiledScope scope, int nesting)
    {
        var typeName = element.Type!;
        var version = element.Json["version"] is JsonValue v && v.TryGetValue(out int number) ? number : 0;
        var id = element.Id ?? "";
        if (id.Length == 0)
            problems.Add(new DefinitionProblem(ProblemSeverity.Error, null, element.Name, "id", $"An activity of type '{typeName}' has no id."));

        WorkflowDefinition? used = null;
        var type = catalog.FindType(typeName, version);
        if (type is null && catalog.IsKnown(typeName))
            type = MissingVersion(typeName, version);
        else if (type is null)
        {
            used = FindUsed(typeName, element.Json);
            type = used is not null ? FromWorkflow(typeName, used) : Missing(typeName, version, element);
        }

        var node = Node(id, container, scope, type, element.Json);
        node.Port = element.Port;
        node.PortIndex = element.Index;
        container.ChildList.Add(node);
        if (!scope.ById.TryAdd(id, node) && id.Length > 0)
        {
            problems.Add(new DefinitionProblem(
                ProblemSeverity.Error, id, node.Name, "id", $"is used by more than one activity ({scope.ById[id].NodeId} and {node.NodeId})."));
        }

        if (node.Name is { Length: > 0 } name)
            scope.ByName.TryAdd(name, node);
        if (used is not null)
        {
            if (nesting >= MaxNesting)
                problems.Add(new DefinitionProblem(ProblemSeverity.Error, id, node.Name, null, $"Workflows used as activities are nested deeper than {MaxNesting} levels, or in a circle."));
            else
                AddWorkflow(used, node, scope, nesting + 1);
        }

        return node;
    }

    private CompiledActivity Node(string id, CompiledActivity? parent, CompiledScope scope, ActivityType type, JsonObject json)
    {
        var node = new CompiledActivity(Nodes.Count, id, parent is null ? id : $"{parent.NodeId}:{id}", type, parent, scope, json);
        node.Behavior = type.Create();
        node.Behavior.Node = node;
        Nodes.Add(node);
        return node;
    }

    /// <summary>1 for a workflow that uses no other, else one more than the deepest that it uses.</summary>
    private int Depth(WorkflowDefinition definition, int nesting)
    {
        var depth = 1;
        if (workflows is null || nesting > MaxNesting)
            return depth;
        foreach (var element in ActivityTree.Walk(definition.Root))
        {
            if (element.Type is { } type && !catalog.IsKnown(type) && FindUsed(type, element.Json) is { } used)
                depth = Math.Max(depth, Depth(used, nesting + 1) + 1);
        }

        return depth;
    }

    private WorkflowDefinition? FindUsed(string type, JsonObject node) => workflows?.FindActivity(
        type,
        DeclarationReader.Text(node, "workflowDefinitionId"),
        DeclarationReader.Text(node, "workflowDefinitionVersionId"),
        node["version"] is JsonValue v && v.TryGetValue(out int version) ? version : 0);

    private ActivityType FromWorkflow(string typeName, WorkflowDefinition used)
    {
        var descriptor = WorkflowActivities.Describe(used) with { TypeName = typeName };
        return new ActivityType(descriptor, () => new WorkflowDefinitionActivity())
        {
            Workflow = used,
            Inputs = [.. descriptor.Inputs.Select(i => new InputMember(null, DataType.Find(i.TypeName), i))],
            Outputs = [.. descriptor.Outputs.Select(o => new OutputMember(null, o))],
        };
    }

    private ActivityType Missing(string typeName, int version, ActivityElement element)
    {
        problems.Add(new DefinitionProblem(
            ProblemSeverity.Warning, element.Id, element.Name, "type", $"Activity type '{typeName}' is not known; the workflow faults if it is reached."));
        return new ActivityType(catalog.Find(NotFoundActivity.TypeName)!, () => new NotFoundActivity { MissingType = typeName, MissingVersion = version });
    }

    private ActivityType MissingVersion(string typeName, int version)
    {
        problems.Add(new DefinitionProblem(
            ProblemSeverity.Warning, null, null, "version", $"Activity type '{typeName}' has no version {version}; the workflow faults if it is reached."));
        return new ActivityType(catalog.Find(typeName)! with { IsMissingVersion = true }, () => new NotFoundActivity { MissingType = typeName, MissingVersion = version });
    }
}
