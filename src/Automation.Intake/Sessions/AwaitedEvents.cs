using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Management;

namespace Automation.Intake.Sessions;

/// <summary>
/// What events any instance may come to wait for, as the definitions say: so that an event that none of them names is
/// neither looked up nor written a second time. Rather too much than too little: what an expression computes may be anything.
/// </summary>
internal sealed class AwaitedEvents(Database database, WorkflowCatalog? catalog) : IDisposable
{
    private const string Waits =
        "(content LIKE '%\"Automation.WaitForEvent\"%' OR content LIKE '%\"Automation.Event%' OR content LIKE '%\"Elsa.Event\"%')";

    private static readonly JsonDocumentOptions AsDeepAsDefinitions = new() { MaxDepth = 512 };

    // Of any version: instances run on old ones too.
    private static readonly SqlStatement All = new($"SELECT definition_id, content FROM workflow_definitions WHERE {Waits}");

    private static readonly SqlStatement One = new($"SELECT definition_id, content FROM workflow_definitions WHERE definition_id = $1 AND {Waits}");

    private static readonly WaitPoint[] Anything = [new(null, null, null), new(null, null, null, IsByName: true)];

    private readonly Lock _changing = new();
    private readonly Dictionary<string, HashSet<WaitPoint>> _byDefinition = new(StringComparer.Ordinal);
    private IDisposable? _listening;
    private volatile Known _known = new(Anything);

    /// <summary>Reads all definitions, and each again when it changes. Until then, any event may be awaited.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (catalog is null)
            return;
        _listening = catalog.OnChanged(id => _ = LookAgainAsync(id));
        var rows = await database.QueryAsync(All, cancellationToken);
        lock (_changing)
            Learn(rows);
    }

    /// <summary>Whether an instance may wait for such an event by its correlation key.</summary>
    public bool ByKey(string source, string type) => _known.Of(source, type).ByKey;

    /// <summary>Whether an instance may wait for such an event by its type, as Elsa's Event does.</summary>
    public bool ByName(string source, string type) => _known.Of(source, type).ByName;

    public void Dispose() => _listening?.Dispose();

    private async Task LookAgainAsync(string definitionId)
    {
        // Until it is read, it may wait for anything. Where it cannot be read, it stays so: slower, and nothing is missed.
        lock (_changing)
        {
            Add(definitionId, Anything);
            _known = new Known(_byDefinition.Values.SelectMany(p => p));
        }

        var rows = await database.QueryAsync(One, CancellationToken.None, definitionId);
        lock (_changing)
        {
            _byDefinition.GetValueOrDefault(definitionId)?.ExceptWith(Anything);
            Learn(rows);
        }
    }

    private void Learn(RowSet rows)
    {
        // What a draft said before is kept: an instance that was tried with it may still wait.
        foreach (var row in rows.Rows)
            Add(row[0].AsText!, Read(row[1].AsText!));
        _known = new Known(_byDefinition.Values.SelectMany(p => p));
    }

    private void Add(string definitionId, IEnumerable<WaitPoint> points)
    {
        if (!_byDefinition.TryGetValue(definitionId, out var known))
            _byDefinition[definitionId] = known = [];
        known.UnionWith(points);
    }

    private static IEnumerable<WaitPoint> Read(string content)
    {
        try
        {
            // Filters are left out: they are asked when an instance waits.
            return [.. WaitPoints.In(JsonNode.Parse(content, documentOptions: AsDeepAsDefinitions)).Select(p => p with { Filter = null })];
        }
        catch (JsonException)
        {
            return Anything;
        }
    }

    /// <summary>The points of all definitions, and what they say of the events that came of late.</summary>
    private sealed class Known(IEnumerable<WaitPoint> points)
    {
        /// <summary>So that a sender who makes up types cannot make the memory grow.</summary>
        private const int MaxRemembered = 4096;

        private readonly WaitPoint[] _points = [.. points.Distinct()];
        private readonly ConcurrentDictionary<(string Source, string Type), (bool ByKey, bool ByName)> _remembered = new();

        public (bool ByKey, bool ByName) Of(string source, string type)
        {
            if (_points.Length == 0)
                return default;
            if (_remembered.TryGetValue((source, type), out var known))
                return known;
            var found = (
                Array.Exists(_points, p => !p.IsByName && p.Names(source, type)),
                Array.Exists(_points, p => p.IsByName && p.Names(source, type)));
            if (_remembered.Count < MaxRemembered)
                _remembered.TryAdd((source, type), found);
            return found;
        }
    }
}
