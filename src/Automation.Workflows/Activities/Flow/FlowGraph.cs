using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Flow;

/// <summary>An arrow of a flowchart.</summary>
internal sealed record FlowConnection(int Index, int Source, string Port, int Target, string TargetPort);

/// <summary>The nodes and arrows of a flowchart by index.</summary>
internal sealed class FlowGraph
{
    private readonly FlowPaths?[] _paths;

    private FlowGraph(CompiledActivity[] nodes, FlowConnection[] connections, int? explicitStart)
    {
        Nodes = nodes;
        Connections = connections;
        Outbound = new FlowConnection[nodes.Length][];
        Inbound = new FlowConnection[nodes.Length][];
        for (var i = 0; i < nodes.Length; i++)
        {
            Positions.Add(nodes[i], i);
            Outbound[i] = [];
            Inbound[i] = [];
        }

        foreach (var group in connections.GroupBy(c => c.Source))
            Outbound[group.Key] = [.. group];
        foreach (var group in connections.GroupBy(c => c.Target))
            Inbound[group.Key] = [.. group];
        DefaultStart = explicitStart ?? FindStart();
        _paths = new FlowPaths?[nodes.Length];
    }

    public CompiledActivity[] Nodes { get; }

    public FlowConnection[] Connections { get; }

    public Dictionary<CompiledActivity, int> Positions { get; } = new(ReferenceEqualityComparer.Instance);

    public FlowConnection[][] Outbound { get; }

    public FlowConnection[][] Inbound { get; }

    /// <summary>Where it starts without a trigger; -1 if it is empty.</summary>
    public int DefaultStart { get; }

    public static FlowGraph Read(ActivityCompilation context)
    {
        ContainerShape.CheckActivities(context);
        var nodes = context.Activity.ChildList.Where(c => c.Port is "activities" or "start").ToArray();
        var byId = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < nodes.Length; i++)
            byId.TryAdd(nodes[i].Id, i);
        var connections = new List<FlowConnection>();
        if (context.Json["connections"] is { } list && DeclarationReader.Unwrap(list) is null)
            context.Error("connections", $"must be a list, but is {DefinitionShape.Describe(list)}.");
        foreach (var json in context.List("connections").Concat(LeftOut(context)))
            Add(json);
        int? start = null;
        if (context.Child("start") is { } child)
            start = Array.IndexOf(nodes, child);
        else if (context.Json["start"] is JsonValue v && v.TryGetValue(out string? startId) && byId.TryGetValue(startId, out var position))
            start = position;
        return new FlowGraph(nodes, [.. connections], start);

        void Add(JsonObject json)
        {
            var (source, port) = End(json, "source", "sourcePort", "Done");
            var (target, targetPort) = End(json, "target", "targetPort", "In");
            if (Position(source, "source") is { } from && Position(target, "target") is { } to)
                connections.Add(new FlowConnection(connections.Count, from, port, to, targetPort));
        }

        int? Position(string? id, string end)
        {
            if (id is not null && byId.TryGetValue(id, out var position))
                return position;
            context.Error("connections", id is null ? $"a connection has no {end}." : $"a connection's {end} names activity '{id}', which is not in this flowchart.");
            return null;
        }
    }

    /// <summary>What is reachable from a start, and which arrows lead back.</summary>
    public FlowPaths From(int start) => _paths[start] ??= new FlowPaths(this, start);

    /// <summary>Connections of activities that another server did not know are kept apart.</summary>
    private static IEnumerable<JsonObject> LeftOut(ActivityCompilation context)
    {
        var known = context.List("connections");
        return context.Json["customProperties"] is JsonObject custom && DeclarationReader.Unwrap(custom["notFoundConnections"]) is { } list
            ? list.OfType<JsonObject>().Where(c => !known.Exists(k => JsonNode.DeepEquals(k, c)))
            : [];
    }

    /// <summary>One end of a connection: an object with activity and port, or the flat form of old exports.</summary>
    private static (string? Activity, string Port) End(JsonObject json, string name, string flatPort, string defaultPort) =>
        json[name] is JsonObject o
            ? (DeclarationReader.Text(o, "activity") ?? DeclarationReader.Text(o, "activityId"), DeclarationReader.Text(o, "port") ?? defaultPort)
            : (DeclarationReader.Text(json, name), DeclarationReader.Text(json, flatPort) ?? defaultPort);

    private int FindStart()
    {
        if (Nodes.Length == 0)
            return -1;
        var start = Array.FindIndex(Nodes, n => n.ActivityType.Descriptor.IsStart);
        if (start < 0)
            start = Array.FindIndex(Nodes, n => n.CanStartWorkflow);
        if (start < 0)
            start = Array.FindIndex(Inbound, i => i.Length == 0);
        return Math.Max(start, 0);
    }
}

/// <summary>A flowchart as seen from one start node.</summary>
internal sealed class FlowPaths
{
    private readonly FlowGraph _graph;
    private readonly int _start;
    private int[]? _dominator;

    public FlowPaths(FlowGraph graph, int start)
    {
        _graph = graph;
        _start = start;
        IsReachable = new bool[graph.Nodes.Length];
        IsBackward = new bool[graph.Connections.Length];
        Walk();
        ForwardInbound = [.. graph.Inbound.Select(list => list.Where(c => IsReachable[c.Source] && !IsBackward[c.Index]).ToArray())];
    }

    public bool[] IsReachable { get; }

    /// <summary>By connection: whether it leads back to a node that every way to its source has passed.</summary>
    public bool[] IsBackward { get; }

    /// <summary>By node: the arrows to wait for.</summary>
    public FlowConnection[][] ForwardInbound { get; }

    /// <summary>Whether every way from the start to <paramref name="node"/> passes <paramref name="through"/>.</summary>
    public bool Dominates(int through, int node)
    {
        _dominator ??= Dominators();
        for (var n = node; n >= 0; n = n == _start ? -1 : _dominator[n])
        {
            if (n == through)
                return true;
        }

        return false;
    }

    /// <summary>All nodes from which <paramref name="node"/> is reached over forward arrows, except over those from <paramref name="except"/>.</summary>
    public HashSet<int> Ancestors(int node, int except = -1)
    {
        var found = new HashSet<int>();
        var open = new Stack<int>();
        open.Push(node);
        while (open.TryPop(out var n))
        {
            foreach (var c in ForwardInbound[n])
            {
                if (c.Source != except && found.Add(c.Source))
                    open.Push(c.Source);
            }
        }

        return found;
    }

    /// <summary>Depth first without recursion; an arrow to a node that is still open leads back.</summary>
    private void Walk()
    {
        var open = new bool[_graph.Nodes.Length];
        var path = new Stack<(int Node, int Next)>();
        path.Push((_start, 0));
        IsReachable[_start] = open[_start] = true;
        while (path.TryPop(out var step))
        {
            var outbound = _graph.Outbound[step.Node];
            if (step.Next == outbound.Length)
            {
                open[step.Node] = false;
                continue;
            }

            path.Push((step.Node, step.Next + 1));
            var connection = outbound[step.Next];
            if (open[connection.Target])
                IsBackward[connection.Index] = true;
            if (!IsReachable[connection.Target])
            {
                IsReachable[connection.Target] = open[connection.Target] = true;
                path.Push((connection.Target, 0));
            }
        }
    }

    /// <summary>Immediate dominators by the iterative method of Cooper, Harvey and Kennedy.</summary>
    private int[] Dominators()
    {
        var order = PostOrder();
        var position = new int[_graph.Nodes.Length];
        for (var i = 0; i < order.Count; i++)
            position[order[i]] = i;
        var dominator = new int[_graph.Nodes.Length];
        Array.Fill(dominator, -1);
        dominator[_start] = _start;
        var changed = true;
        while (changed)
        {
            changed = false;
            for (var i = order.Count - 1; i >= 0; i--)
            {
                var node = order[i];
                if (node == _start)
                    continue;
                var best = -1;
                foreach (var c in _graph.Inbound[node])
                {
                    if (IsReachable[c.Source] && dominator[c.Source] >= 0)
                        best = best < 0 ? c.Source : Meet(best, c.Source);
                }

                if (best >= 0 && dominator[node] != best)
                {
                    dominator[node] = best;
                    changed = true;
                }
            }
        }

        return dominator;

        int Meet(int a, int b)
        {
            while (a != b)
            {
                while (position[a] < position[b])
                    a = dominator[a];
                while (position[b] < position[a])
                    b = dominator[b];
            }

            return a;
        }
    }

    private List<int> PostOrder()
    {
        var order = new List<int>();
        var seen = new bool[_graph.Nodes.Length];
        var path = new Stack<(int Node, int Next)>();
        path.Push((_start, 0));
        seen[_start] = true;
        while (path.TryPop(out var step))
        {
            var outbound = _graph.Outbound[step.Node];
            if (step.Next == outbound.Length)
            {
                order.Add(step.Node);
                continue;
            }

            path.Push((step.Node, step.Next + 1));
            var target = outbound[step.Next].Target;
            if (!seen[target])
            {
                seen[target] = true;
                path.Push((target, 0));
            }
        }

        return order;
    }
}
