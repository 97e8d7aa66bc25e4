using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Definitions;

/// <summary>Parts of a definition's tree of activities, for containers that are opened one by one.</summary>
internal static class GraphEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/workflow-definitions/subgraph/{versionId}", SubgraphAsync);
        api.MapGet("/workflow-definitions/subgraph/segments/{versionId}", SegmentsAsync);
    }

    private static async Task<IResult> SubgraphAsync(HttpContext context, string versionId, WorkflowDefinitionManager manager)
    {
        if (await FindAsync(versionId, context, manager) is not { } tree)
            return TypedResults.NotFound();
        // Without a match the whole is given, as the genuine server does.
        var wanted = context.Request.Text("parentNodeId");
        var found = (wanted is null ? null : tree.Find(wanted)) ?? tree;
        // What is inside comes with the activity's own JSON.
        return TypedResults.Json(found.ToAnswer() with { Children = [] }, StudioJson.Default.ActivityNode);
    }

    private static async Task<IResult> SegmentsAsync(HttpContext context, string versionId, WorkflowDefinitionManager manager)
    {
        if (await FindAsync(versionId, context, manager) is not { } tree || context.Request.Text("childNodeId") is not { } wanted || tree.Find(wanted) is not { } child)
            return TypedResults.NotFound();

        // The canvas shows flowcharts; what lies between is opened through the ports of the activities on the way.
        var segments = new List<PathSegment>();
        for (var node = child.Parent; node is not null; node = node.Parent)
        {
            if (node.Parent is { IsCanvas: true } && !node.IsCanvas)
                segments.Insert(0, new PathSegment(node.NodeId, node.Id, node.Type, node.PortTowards(child)));
        }

        var container = segments.Count == 0 ? child.Parent ?? tree : tree.Find(segments[^1].ActivityNodeId)!;
        return TypedResults.Json(new SegmentsAnswer(child.ToAnswer(), container.ToAnswer(), segments), StudioJson.Default.SegmentsAnswer);
    }

    private static async Task<TreeNode?> FindAsync(string versionId, HttpContext context, WorkflowDefinitionManager manager) =>
        (await manager.FindVersionAsync(versionId, context.RequestAborted))?.ToDefinition().Root is { } root ? TreeNode.Read(root, "Root", null) : null;

    private sealed class TreeNode(JsonObject json, string port, TreeNode? parent)
    {
        public TreeNode? Parent { get; } = parent;

        public string NodeId => Text("nodeId");

        public string Id => Text("id");

        public string Type => Text("type");

        public bool IsCanvas => Type is "Elsa.Flowchart" or "Elsa.StateMachine";

        private string Port { get; } = port;

        private List<TreeNode> Children { get; } = [];

        public static TreeNode Read(JsonObject json, string port, TreeNode? parent)
        {
            var node = new TreeNode(json, port, parent);
            foreach (var (name, value) in json)
                node.Collect(name, value);
            return node;
        }

        public TreeNode? Find(string nodeId) =>
            NodeId == nodeId ? this : Children.Select(c => c.Find(nodeId)).FirstOrDefault(c => c is not null);

        public string PortTowards(TreeNode descendant)
        {
            var step = descendant;
            while (step.Parent is { } above && !ReferenceEquals(above, this))
                step = above;
            return step.Port;
        }

        public ActivityNode ToAnswer() => new(json.DeepClone().AsObject(), Port, NodeId, [], [.. Children.Select(c => c.ToAnswer())]);

        // Only activities have a node id; everything else is looked through.
        private void Collect(string name, JsonNode? value)
        {
            switch (value)
            {
                case JsonObject o when o["nodeId"] is JsonValue && o["type"] is JsonValue:
                    Children.Add(Read(o, char.ToUpperInvariant(name[0]) + name[1..], this));
                    break;
                case JsonObject o:
                    foreach (var (inner, v) in o)
                        Collect(inner, v);
                    break;
                case JsonArray list:
                    foreach (var item in list)
                        Collect(name, item);
                    break;
            }
        }

        private string Text(string name) => json[name] is JsonValue v && v.TryGetValue(out string? s) ? s : "";
    }
}
