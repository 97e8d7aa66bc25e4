using System.Text.Json;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Flow;

/// <summary>Activities joined by connections. Two ways to decide what runs next: by counting visited connections, or by tokens.</summary>
[Activity("Elsa.Flowchart", Category = "Flow", Description = "A flowchart is a collection of activities and connections between them.", IsContainer = true, IsBrowsable = false)]
internal sealed class Flowchart : Activity
{
    private FlowGraph _graph = null!;
    private bool _tokens;

    [Child(IsBrowsable = false)]
    public CompiledActivity? Start { get; set; }

    public FlowGraph Graph => _graph;

    public bool UsesTokens => _tokens;

    protected internal override void Compile(ActivityCompilation context)
    {
        _graph = FlowGraph.Read(context);
        _tokens = context.TokenBasedFlowcharts;
        if (_graph.Nodes.Length > 0 && EndlessLoop.Find(_graph) is { } loop)
            context.Error("connections", $"the activities {loop} form a loop that can neither be left nor wait.");
    }

    protected internal override void Execute(ActivityContext context)
    {
        if (_graph.Nodes.Length == 0)
        {
            context.Complete();
            return;
        }

        var start = StartNode(context);
        if (_tokens)
            context.Memory = new TokenState(start, _graph.Connections.Length);
        else
            context.Memory = new FlowState(start, _graph.Nodes.Length, _graph.Connections.Length);
        if (!_tokens)
            ((FlowState)context.Memory).Visits[start]++;
        context.Schedule(_graph.Nodes[start]);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child)
    {
        if (child.Activity.IsTerminal)
        {
            context.CompleteWith(child.Outcomes);
            return;
        }

        if (_graph.Positions.TryGetValue(child.Activity, out var node))
        {
            if (context.Memory is TokenState tokens)
                TokenFlow.Completed(this, context, tokens, node, child.Outcomes);
            else
                CounterFlow.Completed(this, context, (FlowState)context.Memory!, node, child.Outcomes);
        }

        CompleteIfIdle(context);
    }

    internal override void ChildCanceled(ActivityContext context, ActivityContext child)
    {
        if (!_graph.Positions.TryGetValue(child.Activity, out var node))
            return;
        if (context.Memory is TokenState tokens)
            TokenFlow.Canceled(this, context, tokens, node);
        else
            CounterFlow.Canceled(this, context, (FlowState)context.Memory!, node);
        CompleteIfIdle(context);
    }

    internal override IReadOnlyDictionary<string, object?> DescribeProperties(ActivityContext context) =>
        context.Memory switch
        {
            FlowState state => CounterFlow.Describe(_graph, state),
            TokenState tokens => TokenFlow.Describe(_graph, tokens),
            _ => Journal.ActivityRecord.Empty,
        };

    internal override void WriteMemory(Utf8JsonWriter writer, object memory)
    {
        if (memory is TokenState tokens)
            tokens.Write(writer);
        else
            ((FlowState)memory).Write(writer);
    }

    internal override object ReadMemory(JsonElement json, ActivityContext context) =>
        json.TryGetProperty("tok", out _)
            ? TokenState.Read(json, _graph.Connections.Length)
            : FlowState.Read(json, _graph.Nodes.Length, _graph.Connections.Length);

    /// <summary>The memory of another version of this flowchart, by ids of nodes and names of connections.</summary>
    public object? Adopt(Flowchart other, object? memory)
    {
        var nodes = Array.ConvertAll(_graph.Nodes, n => Array.FindIndex(other._graph.Nodes, o => string.Equals(o.Id, n.Id, StringComparison.Ordinal)));
        var connections = Array.ConvertAll(_graph.Connections, c => Array.FindIndex(
            other._graph.Connections,
            o => o.Source == nodes[c.Source] && o.Target == nodes[c.Target] && string.Equals(o.Port, c.Port, StringComparison.Ordinal)));
        switch (memory)
        {
            case FlowState old:
                var flow = new FlowState(Math.Max(0, Array.IndexOf(nodes, old.Start)), nodes.Length, connections.Length);
                for (var i = 0; i < nodes.Length; i++)
                {
                    if (nodes[i] >= 0)
                        (flow.Visits[i], flow.Consumed[i], flow.Fired[i]) = (old.Visits[nodes[i]], old.Consumed[nodes[i]], old.Fired[nodes[i]]);
                }

                for (var i = 0; i < connections.Length; i++)
                {
                    if (connections[i] >= 0)
                        (flow.Arrivals[i], flow.Followed[i]) = (old.Arrivals[connections[i]], old.Followed[connections[i]]);
                }

                return flow;
            case TokenState old:
                var tokens = new TokenState(Math.Max(0, Array.IndexOf(nodes, old.Start)), connections.Length);
                for (var i = 0; i < connections.Length; i++)
                {
                    if (connections[i] >= 0)
                        (tokens.Tokens[i], tokens.Blocked[i]) = (old.Tokens[connections[i]], old.Blocked[connections[i]]);
                }

                return tokens;
            default:
                return memory;
        }
    }

    /// <summary>Cancels what still runs or waits on other ways into a join that takes the first arrival.</summary>
    public void CancelOtherWays(ActivityContext context, CompiledActivity join)
    {
        if (!_graph.Positions.TryGetValue(join, out var node))
            return;
        var start = context.Memory is TokenState tokens ? tokens.Start : ((FlowState)context.Memory!).Start;
        var ancestors = _graph.From(start).Ancestors(node);
        foreach (var running in context.State.Contexts
            .Where(c => c.IsActive && ReferenceEquals(c.Parent, context) && _graph.Positions.TryGetValue(c.Activity, out var n) && n != node && ancestors.Contains(n))
            .OrderBy(c => c.Ordinal)
            .ToArray())
        {
            context.Burst.Cancel(running);
        }
    }

    private static void CompleteIfIdle(ActivityContext context)
    {
        if (context.IsActive && context.ActiveChildren == 0 && context.FaultedChildren == 0
            && (context.Memory is not TokenState tokens || TokenFlow.IsEmpty(tokens)))
        {
            context.Complete();
        }
    }

    private int StartNode(ActivityContext context)
    {
        if (context.State.TriggerActivityId is { } trigger)
        {
            var position = Array.FindIndex(_graph.Nodes, n => string.Equals(n.Id, trigger, StringComparison.Ordinal));
            if (position >= 0 && ReferenceEquals(Node.Owner, context.Burst.Workflow.Scope))
                return position;
        }

        return _graph.DefaultStart;
    }
}
