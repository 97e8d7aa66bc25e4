namespace Automation.Workflows.Activities.Flow;

/// <summary>Finds loops that would run for ever: made only of activities that always complete at once with <c>Done</c>.</summary>
internal static class EndlessLoop
{
    private static readonly HashSet<string> Straight = new(StringComparer.Ordinal)
    {
        "Elsa.WriteLine", "Elsa.SetVariable", "Elsa.SetName", "Elsa.Correlate", "Elsa.SetOutput", "Elsa.PublishEvent", "Elsa.Start", "Elsa.WriteHttpResponse",
    };

    /// <summary>The ids on such a loop, in order; null if there is none.</summary>
    public static string? Find(FlowGraph graph)
    {
        // Every straight node goes on wherever its Done leads, so any cycle among straight nodes is endless.
        var state = new byte[graph.Nodes.Length];
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            if (state[i] == 0 && IsStraight(graph, i) && Walk(graph, i, state) is { } loop)
                return loop;
        }

        return null;
    }

    private static string? Walk(FlowGraph graph, int start, byte[] state)
    {
        var path = new Stack<(int Node, int Next)>();
        path.Push((start, 0));
        state[start] = 1;
        while (path.TryPop(out var step))
        {
            var outbound = graph.Outbound[step.Node];
            if (step.Next == outbound.Length)
            {
                state[step.Node] = 2;
                continue;
            }

            path.Push((step.Node, step.Next + 1));
            var connection = outbound[step.Next];
            if (!string.Equals(connection.Port, "Done", StringComparison.Ordinal) || !IsStraight(graph, connection.Target))
                continue;
            if (state[connection.Target] == 1)
            {
                var nodes = path.Reverse().Select(p => p.Node).SkipWhile(n => n != connection.Target).Select(n => $"'{graph.Nodes[n].Id}'");
                return string.Join(" → ", nodes);
            }

            if (state[connection.Target] == 0)
            {
                state[connection.Target] = 1;
                path.Push((connection.Target, 0));
            }
        }

        return null;
    }

    private static bool IsStraight(FlowGraph graph, int node) => Straight.Contains(graph.Nodes[node].Type);
}
