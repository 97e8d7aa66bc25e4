using System.Collections.Concurrent;
using System.Collections.Frozen;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Management;

/// <summary>What starts an instance of a published workflow.</summary>
/// <param name="Id">Id of the trigger.</param>
/// <param name="DefinitionId">The definition that it starts.</param>
/// <param name="DefinitionVersionId">The published version that it starts.</param>
/// <param name="Name">Name of the stimulus, such as <c>Elsa.Event</c>.</param>
/// <param name="ActivityId">The activity that the instance starts with.</param>
/// <param name="Hash">Hash of the stimulus.</param>
/// <param name="Payload">What it is matched by; a plain value.</param>
/// <param name="Options">What does not take part in matching; a plain value.</param>
public sealed record IndexedTrigger(
    string Id, string DefinitionId, string DefinitionVersionId, string Name, string ActivityId, string Hash, object? Payload, object? Options)
{
    internal DateTimeOffset? NextAt { get; init; }

    internal long? JobId { get; init; }
}

/// <summary>
/// What is in force now, in memory: the published version of each definition, their triggers, and compiled graphs by
/// version id. Always as the database is: refreshed after each commit that changes it.
/// </summary>
public sealed class WorkflowCatalog
{
    private readonly Database _database;
    private readonly WorkflowCompiler _compiler;
    private readonly BoundedCache<CachedGraph> _compiled;
    private readonly ConcurrentDictionary<string, DefinitionSummary> _published = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _oneRefresh = new(1, 1);
    private readonly Dictionary<string, IndexedTrigger[]> _triggersByDefinition = new(StringComparer.Ordinal);
    private readonly Listeners<string> _changed = new();
    private volatile TriggerTable _triggers = TriggerTable.Empty;

    internal WorkflowCatalog(Database database, WorkflowCompiler compiler, IOptions<WorkflowOptions> options)
    {
        _database = database;
        _compiler = compiler;
        _compiled = new BoundedCache<CachedGraph>(options.Value.CompiledDefinitions);
    }

    /// <summary>Listens to changes of what is in force, by definition id; dispose what is returned to stop. An exception of the listener reaches whoever made the change.</summary>
    public IDisposable OnChanged(Action<string> listener) => _changed.Add(listener);

    /// <summary>The published versions.</summary>
    public IEnumerable<DefinitionSummary> Published => _published.Values;

    /// <summary>All triggers in force.</summary>
    public IReadOnlyList<IndexedTrigger> Triggers => _triggers.All;

    /// <summary>The published version of a definition; null where none is.</summary>
    public DefinitionSummary? FindPublished(string definitionId) => _published.GetValueOrDefault(definitionId);

    /// <summary>The triggers that a stimulus starts.</summary>
    /// <param name="hash">Its hash; see <see cref="Execution.StimulusHash"/>.</param>
    public IReadOnlyList<IndexedTrigger> FindTriggers(string hash) => _triggers.ByHash.GetValueOrDefault(hash) ?? [];

    /// <summary>The triggers of one kind.</summary>
    /// <param name="name">Name of the stimulus, such as <c>Elsa.HttpEndpoint</c>.</param>
    public IReadOnlyList<IndexedTrigger> FindTriggersNamed(string name) => _triggers.ByName.GetValueOrDefault(name) ?? [];

    /// <summary>The graph of a version, compiled once; null where the version is unknown.</summary>
    /// <exception cref="DefinitionException">The version does not compile.</exception>
    public async ValueTask<CompiledWorkflow?> FindGraphAsync(string versionId, CancellationToken cancellationToken = default)
    {
        // A draft is overwritten in place under the same id, so its revision is compared; other versions are final.
        if (_compiled.TryGet(versionId, out var cached) && (cached.IsFinal || await IsCurrentAsync(versionId, cached.Revision, cancellationToken)))
            return cached.Graph;
        var rows = await _database.QueryAsync(DefinitionSql.ById, cancellationToken, versionId);
        if (rows.Count == 0)
            return null;
        var stored = new StoredDefinition(StoredDefinition.ReadSummary(rows.Rows[0], filesAreReadonly: false), rows.Rows[0][17].AsText!);
        var graph = _compiler.Compile(stored.ToDefinition());
        _compiled.Set(versionId, new CachedGraph(graph, stored.Summary.Revision, stored.Summary.IsPublished || !stored.Summary.IsLatest));
        return graph;
    }

    /// <summary>The trigger with an id as the database has it now; null where it is not in force.</summary>
    internal async ValueTask<IndexedTrigger?> FindTriggerAsync(string triggerId, CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(DefinitionSql.TriggerById, cancellationToken, triggerId);
        return rows.Count == 0 ? null : ReadTrigger(rows.Rows[0]);
    }

    internal async Task LoadAsync(CancellationToken cancellationToken)
    {
        await _oneRefresh.WaitAsync(cancellationToken);
        try
        {
            var published = await _database.QueryAsync(DefinitionSql.PublishedSummaries, cancellationToken);
            foreach (var row in published.Rows)
            {
                var summary = StoredDefinition.ReadSummary(row, filesAreReadonly: false);
                _published[summary.DefinitionId] = summary;
            }

            var triggers = await _database.QueryAsync(DefinitionSql.Triggers, cancellationToken);
            _triggersByDefinition.Clear();
            foreach (var group in triggers.Rows.Select(ReadTrigger).GroupBy(t => t.DefinitionId, StringComparer.Ordinal))
                _triggersByDefinition[group.Key] = [.. group];
            _triggers = new TriggerTable(_triggersByDefinition.Values.SelectMany(t => t));
        }
        finally
        {
            _oneRefresh.Release();
        }
    }

    internal async Task RefreshAsync(string definitionId, CancellationToken cancellationToken)
    {
        await _oneRefresh.WaitAsync(cancellationToken);
        try
        {
            var rows = await _database.QueryAsync(DefinitionSql.Published, cancellationToken, definitionId);
            var triggers = await _database.QueryAsync(DefinitionSql.TriggersOf, cancellationToken, definitionId);
            var before = _published.GetValueOrDefault(definitionId);
            var now = rows.Count > 0 ? StoredDefinition.ReadSummary(rows.Rows[0], filesAreReadonly: false) : null;
            if (now is not null)
                _published[definitionId] = now;
            else
                _published.TryRemove(definitionId, out _);
            // A version out of force may be overwritten, and graphs hold the workflows that they use as activities.
            if (before is { UsableAsActivity: true } || now is { UsableAsActivity: true })
                _compiled.Clear();
            else if (before is not null && before.Id != now?.Id)
                _compiled.Remove(before.Id);
            if (triggers.Count > 0 || _triggersByDefinition.ContainsKey(definitionId))
            {
                if (triggers.Count > 0)
                    _triggersByDefinition[definitionId] = [.. triggers.Rows.Select(ReadTrigger)];
                else
                    _triggersByDefinition.Remove(definitionId);
                _triggers = new TriggerTable(_triggersByDefinition.Values.SelectMany(t => t));
            }
        }
        finally
        {
            _oneRefresh.Release();
        }

        _changed.Tell(definitionId, static e => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e));
    }

    /// <summary>Takes over what other servers have published or retracted since this was asked last.</summary>
    internal async Task RefreshIfChangedAsync(CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(DefinitionSql.PublishedSummaries, cancellationToken);
        var now = rows.Rows.Select(r => StoredDefinition.ReadSummary(r, filesAreReadonly: false)).ToDictionary(d => d.DefinitionId, StringComparer.Ordinal);
        foreach (var gone in _published.Keys.Where(id => !now.ContainsKey(id)))
            await RefreshAsync(gone, cancellationToken);
        foreach (var (id, summary) in now)
        {
            if (!_published.TryGetValue(id, out var known) || known.Id != summary.Id || known.Revision != summary.Revision)
                await RefreshAsync(id, cancellationToken);
        }
    }

    internal static IndexedTrigger ReadTrigger(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, row[2].AsText!, row[3].AsText!, row[4].AsText!, row[5].AsText!, Plain(row[6].AsText), Plain(row[7].AsText))
    {
        NextAt = row[8].AsMicrosTime,
        JobId = row[9].IsNull ? null : row[9].AsInteger,
    };

    internal static object? Plain(string? json) => json is not null && JsonValues.TryParse(json, out var value) ? value : null;

    private async ValueTask<bool> IsCurrentAsync(string versionId, long revision, CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(DefinitionSql.RevisionOf, cancellationToken, versionId);
        return rows.Count > 0 && rows.Rows[0][0].AsInteger == revision;
    }

    private sealed record CachedGraph(CompiledWorkflow Graph, long Revision, bool IsFinal);

    private sealed class TriggerTable
    {
        public static readonly TriggerTable Empty = new([]);

        public TriggerTable(IEnumerable<IndexedTrigger> triggers)
        {
            All = [.. triggers];
            ByHash = All.GroupBy(t => t.Hash, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
            ByName = All.GroupBy(t => t.Name, StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
        }

        public IndexedTrigger[] All { get; }

        public FrozenDictionary<string, IndexedTrigger[]> ByHash { get; }

        public FrozenDictionary<string, IndexedTrigger[]> ByName { get; }
    }
}
