using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Flow;

/// <summary>
/// The counter-based flowchart: a completed activity visits all its outbound connections, following those whose port is among its
/// outcomes. A target is decided when all its forward inbound connections were visited: scheduled once if one was followed, else
/// skipped, and then its own outbound connections count as visited too.
/// </summary>
internal static class CounterFlow
{
    public static void Completed(Flowchart flowchart, ActivityContext context, FlowState state, int node, IReadOnlyList<string> outcomes) =>
        VisitOutbound(flowchart, context, state, node, outcomes, skipped: false);

    /// <summary>Nothing follows a cancelled activity.</summary>
    public static void Canceled(Flowchart flowchart, ActivityContext context, FlowState state, int node) =>
        VisitOutbound(flowchart, context, state, node, [], skipped: true);

    public static Dictionary<string, object?> Describe(FlowGraph graph, FlowState state)
    {
        var visits = new Dictionary<string, object?>(StringComparer.Ordinal);
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            if (state.Visits[i] > 0)
                visits[graph.Nodes[i].Id] = (long)state.Visits[i];
        }

        var arrivals = new Dictionary<string, object?>(StringComparer.Ordinal);
        var followed = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var c in graph.Connections)
        {
            if (state.Arrivals[c.Index] == 0)
                continue;
            var name = $"{graph.Nodes[c.Source].Id}:{c.Port}->{graph.Nodes[c.Target].Id}:{c.TargetPort}";
            arrivals[name] = (long)state.Arrivals[c.Index];
            followed[name] = state.Followed[c.Index];
        }

        return new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["FlowScope"] = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["activitiesVisitCount"] = visits,
                ["connectionVisitCount"] = arrivals,
                ["connectionLastVisitFollowed"] = followed,
            },
        };
    }

    private static void VisitOutbound(Flowchart flowchart, ActivityContext context, FlowState state, int first, IReadOnlyList<string> outcomes, bool skipped)
    {
        var graph = flowchart.Graph;
        var paths = graph.From(state.Start);
        // Skipping can run through long dead paths, so it uses a list instead of recursion.
        Stack<int>? dead = null;
        var node = first;
        while (true)
        {
            foreach (var connection in graph.Outbound[node])
            {
                var follow = !skipped && IsOutcome(connection.Port, outcomes);
                if (paths.IsBackward[connection.Index])
                {
                    if (follow)
                        FollowBack(context, graph, paths, state, connection);
                    continue;
                }

                state.Arrivals[connection.Index]++;
                state.Followed[connection.Index] = follow;
                switch (Decide(context, graph, paths, state, connection.Target))
                {
                    case Decision.Run:
                        state.Visits[connection.Target]++;
                        context.Schedule(graph.Nodes[connection.Target]);
                        break;
                    case Decision.Skip:
                        state.Visits[connection.Target]++;
                        (dead ??= new Stack<int>()).Push(connection.Target);
                        break;
                }
            }

            if (dead is null || !dead.TryPop(out node))
                return;
            skipped = true;
        }
    }

    private static void FollowBack(ActivityContext context, FlowGraph graph, FlowPaths paths, FlowState state, FlowConnection connection)
    {
        if (!paths.Dominates(connection.Target, connection.Source))
        {
            throw new WorkflowFaultException(
                $"The connection from '{graph.Nodes[connection.Source].Id}' back to '{graph.Nodes[connection.Target].Id}' is not a loop: there is a way to '{graph.Nodes[connection.Source].Id}' that does not pass '{graph.Nodes[connection.Target].Id}'.");
        }

        state.Arrivals[connection.Index]++;
        state.Followed[connection.Index] = true;
        state.Visits[connection.Target]++;
        context.Schedule(graph.Nodes[connection.Target]);
    }

    private static Decision Decide(ActivityContext context, FlowGraph graph, FlowPaths paths, FlowState state, int target)
    {
        var inbound = paths.ForwardInbound[target];
        var join = (graph.Nodes[target].Behavior as FlowJoin)?.ModeOf(context);
        var all = true;
        var any = false;
        var every = true;
        foreach (var c in inbound)
        {
            if (state.Arrivals[c.Index] <= state.Consumed[target])
                all = false;
            else if (state.Followed[c.Index])
                any = true;
            else
                every = false;
        }

        if (join == FlowJoinMode.WaitAny)
        {
            var decision = Decision.Wait;
            if (!state.Fired[target] && any)
            {
                state.Fired[target] = true;
                decision = Decision.Run;
            }

            if (all)
            {
                if (!state.Fired[target])
                    decision = Decision.Skip;
                state.Fired[target] = false;
                state.Consumed[target]++;
            }

            return decision;
        }

        if (!all)
            return Decision.Wait;
        state.Consumed[target]++;
        return join == FlowJoinMode.WaitAll ? every ? Decision.Run : Decision.Skip : any ? Decision.Run : Decision.Skip;
    }

    internal static bool IsOutcome(string port, IReadOnlyList<string> outcomes)
    {
        if (outcomes.Count == 0)
            return string.Equals(port, "Done", StringComparison.Ordinal);
        for (var i = 0; i < outcomes.Count; i++)
        {
            if (string.Equals(outcomes[i], port, StringComparison.Ordinal))
                return true;
        }

        return false;
    }

    private enum Decision
    {
        Wait,
        Run,
        Skip,
    }
}
