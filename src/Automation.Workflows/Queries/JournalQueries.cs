using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;

namespace Automation.Workflows.Queries;

/// <summary>Which journal entries are wanted; what is null does not count.</summary>
public sealed record JournalFilter
{
    /// <summary>Only these activities.</summary>
    public IReadOnlyCollection<string>? ActivityIds { get; init; }

    /// <summary>Only these nodes.</summary>
    public IReadOnlyCollection<string>? ActivityNodeIds { get; init; }

    /// <summary>Not activities of these types.</summary>
    public IReadOnlyCollection<string>? ExcludedActivityTypes { get; init; }

    /// <summary>Only these events.</summary>
    public IReadOnlyCollection<string>? EventNames { get; init; }

    internal bool IsEmpty => ActivityIds is null && ActivityNodeIds is null && ExcludedActivityTypes is null && EventNames is null;

    internal bool Matches(JournalRecord entry) =>
        ActivityIds?.Contains(entry.ActivityId) != false
        && ActivityNodeIds?.Contains(entry.NodeId) != false
        && ExcludedActivityTypes?.Contains(entry.ActivityType) != true
        && EventNames?.Contains(entry.EventName) != false;
}

/// <summary>What instances did: journal, executions of activities, variables.</summary>
public sealed class JournalQueries(Database database, WorkflowCatalog catalog)
{
    /// <summary>From so many bursts on, a page is read from its own chunks alone.</summary>
    private const int ManyChunks = 16;

    private static readonly SqlStatement VersionOfInstance = new("SELECT definition_version_id, parent_id FROM workflow_instances WHERE id = $1");

    /// <summary>One page of an instance's journal in order; null where there is no such instance.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="filter">Which entries; null for all.</param>
    /// <param name="skip">Entries left out at the beginning.</param>
    /// <param name="take">Most entries; null for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<Page<JournalRecord>?> ListJournalAsync(
        string instanceId, JournalFilter? filter = null, int skip = 0, int? take = null, CancellationToken cancellationToken = default)
    {
        if (await GraphOfAsync(instanceId, cancellationToken) is not { } graph)
            return null;
        if (filter is null || filter.IsEmpty)
        {
            var index = await database.QueryAsync(InstanceSql.JournalIndex, cancellationToken, instanceId);
            if (index.Count > ManyChunks)
                return await PageOfLongJournalAsync(instanceId, graph.Compiled, index, skip, take, cancellationToken);
        }

        var matching = new List<JournalRecord>();
        var total = 0;
        await foreach (var chunk in ChunksAsync(instanceId, graph.Compiled, cancellationToken))
        {
            foreach (var entry in chunk.Entries)
            {
                if (filter?.Matches(entry) == false)
                    continue;
                if (total >= skip && (take is null || matching.Count < take))
                    matching.Add(entry);
                total++;
            }
        }

        return new Page<JournalRecord>(matching, total);
    }

    /// <summary>The last entry of an activity that says how it stands: started, completed or faulted. Null where there is none.</summary>
    public async Task<JournalRecord?> FindLastEntryAsync(string instanceId, string activityId, CancellationToken cancellationToken = default)
    {
        var page = await ListJournalAsync(
            instanceId,
            new JournalFilter { ActivityIds = [activityId], EventNames = [JournalEvents.Started, JournalEvents.Completed, JournalEvents.Faulted] },
            cancellationToken: cancellationToken);
        return page?.Items.LastOrDefault();
    }

    /// <summary>The executions of an instance's activities, oldest first; empty where there is no such instance.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="nodeId">Only this node; null for all.</param>
    /// <param name="completed">Whether they have ended; null for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<ActivityExecution>> ListExecutionsAsync(
        string instanceId, string? nodeId = null, bool? completed = null, CancellationToken cancellationToken = default)
    {
        if (await GraphOfAsync(instanceId, cancellationToken) is not { } graph)
            return [];
        // A later chunk tells more of an execution than an earlier one, and keeps its place in the order.
        var byOrdinal = new SortedDictionary<long, ActivityExecution>();
        await foreach (var chunk in ChunksAsync(instanceId, graph.Compiled, cancellationToken))
        {
            foreach (var record in chunk.Records)
            {
                if (nodeId is not null && record.ActivityNodeId != nodeId)
                    continue;
                byOrdinal[record.Ordinal] = record.StateIsEarlier && byOrdinal.TryGetValue(record.Ordinal, out var earlier)
                    ? record with { ActivityState = earlier.ActivityState }
                    : record;
            }
        }

        var all = byOrdinal.Values.Where(r => completed is null || r.CompletedAt is not null == completed);
        return nodeId is null ? WithDepths([.. all]) : [.. all];
    }

    /// <summary>One execution by its id; null where there is none.</summary>
    public async Task<ActivityExecution?> FindExecutionAsync(string executionId, CancellationToken cancellationToken = default) =>
        ActivityInstanceId.TryParse(executionId, out var instanceId, out var ordinal)
            ? (await ListExecutionsAsync(instanceId, cancellationToken: cancellationToken)).FirstOrDefault(e => e.Ordinal == ordinal)
            : null;

    /// <summary>How many executions an instance has had.</summary>
    public async Task<int> CountExecutionsAsync(string instanceId, string? nodeId = null, bool? completed = null, CancellationToken cancellationToken = default) =>
        (await ListExecutionsAsync(instanceId, nodeId, completed, cancellationToken)).Count;

    /// <summary>Counts per node: the badges on the canvas. Nodes that were never reached are left out.</summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="nodeIds">Only these nodes; null for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<ActivityStats>> ReportAsync(string instanceId, IReadOnlyCollection<string>? nodeIds = null, CancellationToken cancellationToken = default)
    {
        var wanted = nodeIds?.ToHashSet(StringComparer.Ordinal);
        return [.. (await ListExecutionsAsync(instanceId, cancellationToken: cancellationToken))
            .Where(e => wanted?.Contains(e.ActivityNodeId) != false)
            .GroupBy(e => (e.ActivityNodeId, e.ActivityId))
            .Select(g => new ActivityStats(
                g.Key.ActivityId,
                g.Key.ActivityNodeId,
                g.Count(),
                g.Count(e => e.Status == ActivityStatus.Completed),
                g.Count(e => e.CompletedAt is null),
                g.Any(e => e.HasBookmarks && e.Status == ActivityStatus.Running),
                g.Any(e => e.Status == ActivityStatus.Faulted),
                g.Sum(e => e.AggregateFaultCount)))];
    }

    /// <summary>The executions above one, the outermost first and itself last; null where it does not exist.</summary>
    /// <param name="executionId">The execution.</param>
    /// <param name="acrossInstances">Whether to go on into the instances that started its own.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<IReadOnlyList<ActivityExecution>?> GetCallStackAsync(string executionId, bool acrossInstances = true, CancellationToken cancellationToken = default)
    {
        if (!ActivityInstanceId.TryParse(executionId, out var instanceId, out var ordinal))
            return null;
        var stack = new List<ActivityExecution>();
        var byOrdinal = (await ListExecutionsAsync(instanceId, cancellationToken: cancellationToken)).ToDictionary(e => e.Ordinal);
        for (var current = byOrdinal.GetValueOrDefault(ordinal); current is not null; current = current.ParentOrdinal is { } parent ? byOrdinal.GetValueOrDefault(parent) : null)
            stack.Add(current);
        if (stack.Count == 0)
            return null;
        stack.Reverse();
        if (!acrossInstances)
            return stack;

        // The root of each starting instance stands for it; which of its activities started the child is in its outputs or bookmark.
        var seen = new HashSet<string>(StringComparer.Ordinal) { instanceId };
        while ((await GraphOfAsync(instanceId, cancellationToken))?.ParentId is { } starter && seen.Add(starter))
        {
            if ((await ListExecutionsAsync(starter, cancellationToken: cancellationToken)).FirstOrDefault(e => e.ParentOrdinal is null) is { } root)
                stack.Insert(0, root);
            instanceId = starter;
        }

        return stack;
    }

    private async Task<Page<JournalRecord>> PageOfLongJournalAsync(
        string instanceId, CompiledWorkflow? graph, RowSet index, int skip, int? take, CancellationToken cancellationToken)
    {
        var items = new List<JournalRecord>();
        var last = index.Count - 1;
        for (var i = 0; i < last; i++)
        {
            var next = index.Rows[i + 1][1].AsInteger;
            if (next <= skip || items.Count >= take)
                continue;
            foreach (var entry in (await ChunkAsync(i)).Entries)
                AddIfWanted(entry);
        }

        var lastChunk = await ChunkAsync(last);
        foreach (var entry in lastChunk.Entries)
            AddIfWanted(entry);
        return new Page<JournalRecord>(items, index.Rows[last][1].AsInteger + lastChunk.Entries.Count);

        async Task<ChunkContent> ChunkAsync(int i)
        {
            var rows = await database.QueryAsync(InstanceSql.JournalChunk, cancellationToken, instanceId, index.Rows[i][0]);
            return JournalChunk.Read(instanceId, rows.Rows[0][0].AsText!, graph);
        }

        void AddIfWanted(JournalRecord entry)
        {
            if (entry.Sequence >= skip && (take is null || items.Count < take))
                items.Add(entry);
        }
    }

    private async IAsyncEnumerable<ChunkContent> ChunksAsync(
        string instanceId, CompiledWorkflow? graph, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(InstanceSql.Journal, cancellationToken, instanceId);
        foreach (var row in rows.Rows)
            yield return JournalChunk.Read(instanceId, row[0].AsText!, graph);
    }

    private async Task<InstanceGraph?> GraphOfAsync(string instanceId, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(VersionOfInstance, cancellationToken, instanceId);
        if (rows.Count == 0)
            return null;
        CompiledWorkflow? compiled = null;
        try
        {
            compiled = await catalog.FindGraphAsync(rows.Rows[0][0].AsText!, cancellationToken);
        }
        catch (Definitions.DefinitionException)
        {
            // Something that the version uses is gone. What was recorded is shown, without types and names.
        }

        return new InstanceGraph(compiled, rows.Rows[0][1].AsText);
    }

    private static List<ActivityExecution> WithDepths(List<ActivityExecution> executions)
    {
        var depths = new Dictionary<long, int>();
        for (var i = 0; i < executions.Count; i++)
        {
            var depth = executions[i].ParentOrdinal is { } parent && depths.TryGetValue(parent, out var above) ? above + 1 : 0;
            depths[executions[i].Ordinal] = depth;
            if (depth > 0)
                executions[i] = executions[i] with { CallStackDepth = depth };
        }

        return executions;
    }

    private sealed record InstanceGraph(CompiledWorkflow? Compiled, string? ParentId);
}
