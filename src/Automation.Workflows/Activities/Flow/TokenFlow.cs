using System.Text.Json;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Flow;

/// <summary>What a running token-based flowchart remembers.</summary>
internal sealed class TokenState(int start, int connections)
{
    public int Start { get; } = start;

    /// <summary>By connection: tokens that its target has not consumed.</summary>
    public int[] Tokens { get; } = new int[connections];

    /// <summary>By connection: tokens still to be swallowed, because a race was won on another way.</summary>
    public int[] Blocked { get; } = new int[connections];

    public void Write(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteNumber("s", Start);
        Pairs("tok", Tokens);
        Pairs("blk", Blocked);
        w.WriteEndObject();

        void Pairs(string name, int[] values)
        {
            w.WriteStartArray(name);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] == 0)
                    continue;
                w.WriteNumberValue(i);
                w.WriteNumberValue(values[i]);
            }

            w.WriteEndArray();
        }
    }

    public static TokenState Read(JsonElement j, int connections)
    {
        var state = new TokenState(j.GetProperty("s").GetInt32(), connections);
        Pairs("tok", state.Tokens);
        Pairs("blk", state.Blocked);
        return state;

        void Pairs(string name, int[] values)
        {
            var list = j.GetProperty(name);
            for (var i = 0; i + 1 < list.GetArrayLength(); i += 2)
            {
                if (list[i].GetInt32() is var connection && connection < values.Length)
                    values[connection] = list[i + 1].GetInt32();
            }
        }
    }
}

/// <summary>The ways in which a node of a token-based flowchart takes its tokens.</summary>
internal enum MergeMode
{
    /// <summary>Runs when nothing is under way directly before it.</summary>
    Stream,

    /// <summary>Waits for a token on every forward inbound connection.</summary>
    Merge,

    /// <summary>Waits for a token on every inbound connection.</summary>
    Converge,

    /// <summary>Runs on every arrival.</summary>
    Cascade,

    /// <summary>Runs on the first arrival; the other ways are cancelled and their tokens swallowed.</summary>
    Race,
}

/// <summary>The token-based flowchart: each connection whose port is among the outcomes carries a token; completing consumes the tokens that led here.</summary>
internal static class TokenFlow
{
    public static void Completed(Flowchart flowchart, ActivityContext context, TokenState state, int node, IReadOnlyList<string> outcomes)
    {
        var graph = flowchart.Graph;
        Consume(graph, state, node);
        List<FlowConnection>? emitted = null;
        foreach (var connection in graph.Outbound[node])
        {
            if (!CounterFlow.IsOutcome(connection.Port, outcomes))
                continue;
            if (state.Blocked[connection.Index] > 0)
            {
                state.Blocked[connection.Index]--;
                continue;
            }

            state.Tokens[connection.Index]++;
            (emitted ??= []).Add(connection);
        }

        foreach (var connection in emitted ?? [])
            Arrive(flowchart, context, state, connection);
    }

    public static void Canceled(Flowchart flowchart, ActivityContext context, TokenState state, int node)
    {
        var graph = flowchart.Graph;
        Consume(graph, state, node);

        // What waited only because this node was under way may run now.
        foreach (var connection in graph.Outbound[node])
        {
            foreach (var other in graph.Inbound[connection.Target])
            {
                if (state.Tokens[other.Index] > 0)
                {
                    Arrive(flowchart, context, state, other);
                    break;
                }
            }
        }
    }

    /// <summary>Whether nothing waits for a token that has not come.</summary>
    public static bool IsEmpty(TokenState state) => Array.TrueForAll(state.Tokens, t => t == 0);

    public static Dictionary<string, object?> Describe(FlowGraph graph, TokenState state)
    {
        var tokens = new List<object?>();
        foreach (var c in graph.Connections)
        {
            if (state.Tokens[c.Index] == 0 && state.Blocked[c.Index] == 0)
                continue;
            tokens.Add(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["fromActivityId"] = graph.Nodes[c.Source].Id,
                ["outcome"] = c.Port,
                ["toActivityId"] = graph.Nodes[c.Target].Id,
                ["consumed"] = false,
                ["blocked"] = state.Blocked[c.Index] > 0,
            });
        }

        return new Dictionary<string, object?>(StringComparer.Ordinal) { ["Flowchart.Tokens"] = tokens };
    }

    private static void Consume(FlowGraph graph, TokenState state, int node)
    {
        foreach (var connection in graph.Inbound[node])
            state.Tokens[connection.Index] = 0;
    }

    private static void Arrive(Flowchart flowchart, ActivityContext context, TokenState state, FlowConnection connection)
    {
        var graph = flowchart.Graph;
        var target = connection.Target;
        switch (ModeOf(graph, context, target))
        {
            case MergeMode.Cascade:
                Schedule(graph, context, target);
                break;
            case MergeMode.Merge:
                if (Array.TrueForAll(graph.From(state.Start).ForwardInbound[target], c => state.Tokens[c.Index] > 0))
                    Schedule(graph, context, target);
                break;
            case MergeMode.Converge:
                if (Array.TrueForAll(graph.Inbound[target], c => state.Tokens[c.Index] > 0))
                    Schedule(graph, context, target);
                break;
            case MergeMode.Race:
                foreach (var other in graph.From(state.Start).ForwardInbound[target])
                {
                    if (other.Index != connection.Index)
                        state.Blocked[other.Index]++;
                }

                flowchart.CancelOtherWays(context, graph.Nodes[target]);
                Schedule(graph, context, target);
                break;
            default:
                if (!IsUnderWayBefore(graph, state, target))
                    Schedule(graph, context, target);
                break;
        }
    }

    /// <summary>Whether a node directly before <paramref name="target"/> has tokens that it has not consumed.</summary>
    private static bool IsUnderWayBefore(FlowGraph graph, TokenState state, int target)
    {
        foreach (var inbound in graph.From(state.Start).ForwardInbound[target])
        {
            foreach (var before in graph.Inbound[inbound.Source])
            {
                if (state.Tokens[before.Index] > 0)
                    return true;
            }
        }

        return false;
    }

    /// <summary>A node that is scheduled already takes further tokens along.</summary>
    private static void Schedule(FlowGraph graph, ActivityContext context, int target)
    {
        var node = graph.Nodes[target];
        foreach (var item in context.State.Work)
        {
            if (item.Context is null && ReferenceEquals(item.Owner, context) && ReferenceEquals(item.Node, node))
                return;
        }

        context.Schedule(node);
    }

    private static MergeMode ModeOf(FlowGraph graph, ActivityContext context, int target)
    {
        var node = graph.Nodes[target];
        if (node.Behavior is FlowJoin join)
            return join.ModeOf(context) == FlowJoinMode.WaitAny ? MergeMode.Race : MergeMode.Merge;
        return Enum.TryParse<MergeMode>(node.MergeMode, ignoreCase: true, out var mode) ? mode : MergeMode.Stream;
    }
}
