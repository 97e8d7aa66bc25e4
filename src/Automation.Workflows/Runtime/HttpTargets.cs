using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Activities.Http;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;

namespace Automation.Workflows.Runtime;

/// <summary>What an HTTP request starts or resumes.</summary>
public sealed record HttpTarget
{
    /// <summary>The path template that matched.</summary>
    public required string Template { get; init; }

    /// <summary>Values of its parameters; plain.</summary>
    public required IReadOnlyDictionary<string, object?> RouteData { get; init; }

    /// <summary>Limits, authorization and exposed outcomes of the endpoint, by camelCased name; plain values.</summary>
    public required IReadOnlyDictionary<string, object?> Options { get; init; }

    /// <summary>The trigger to start; null where an instance waits.</summary>
    public IndexedTrigger? Trigger { get; init; }

    /// <summary>The bookmark to resume; null where a trigger is to be started.</summary>
    public string? BookmarkId { get; init; }

    /// <summary>The instance that waits; null where a trigger is to be started.</summary>
    public string? InstanceId { get; init; }

    internal decimal Precedence { get; init; }
}

/// <summary>Finds what an HTTP request is for, among published triggers and waiting instances. Thread-safe.</summary>
public sealed class HttpTargets
{
    private readonly Database _database;
    private readonly WorkflowCatalog _catalog;
    private TriggerShapes _shapes = new([], []);

    internal HttpTargets(Database database, WorkflowCatalog catalog)
    {
        _database = database;
        _catalog = catalog;
    }

    /// <summary>
    /// Everything that the request matches on the most specific route. A request that names an instance or a correlation id
    /// goes to what waits with it, if anything does; without, triggers go first. More than one target is ambiguous.
    /// </summary>
    /// <param name="path">The path below the base path.</param>
    /// <param name="method">The method.</param>
    /// <param name="instanceId">Only what this instance waits for; null for any.</param>
    /// <param name="correlationId">Rather what waits with this correlation id; null for any.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public async Task<IReadOnlyList<HttpTarget>> FindAsync(
        string path, string method, string? instanceId = null, string? correlationId = null, CancellationToken cancellationToken = default)
    {
        var named = _catalog.FindTriggersNamed(StimulusNames.HttpEndpoint);
        var shapes = _shapes;
        if (!ReferenceEquals(shapes.Of, named))
            _shapes = shapes = new TriggerShapes(named, [.. named.Select(t => ShapeOf(t.Payload)).OfType<string>().Distinct(StringComparer.Ordinal)]);

        var waiting = await FindWaitingAsync(path, method, instanceId, correlationId, cancellationToken);
        if (waiting.Count > 0 && (instanceId ?? correlationId) is not null)
            return MostSpecific(waiting);
        var triggers = await FindTriggersAsync(path, method, shapes.Shapes, cancellationToken);
        if (instanceId is not null || correlationId is not null)
            return MostSpecific(triggers);
        var best = MostSpecific([.. triggers, .. waiting]);
        return best.Any(t => t.Trigger is not null) ? [.. best.Where(t => t.Trigger is not null)] : best;
    }

    /// <summary>The methods that a path is served for, for a person who used another one; of triggers only.</summary>
    /// <param name="path">The path below the base path.</param>
    public IReadOnlyList<string> MethodsOf(string path) =>
    [
        .. _catalog.FindTriggersNamed(StimulusNames.HttpEndpoint)
            .Where(t => HttpRoute.TryParse(TextOf(t.Options, "path"), out var route) && route.TryMatch(path, out _))
            .Select(t => TextOf(t.Payload, "method")?.ToUpperInvariant()).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    internal static string? ShapeOf(object? payload) => HttpRoute.TryParse(TextOf(payload, "path"), out var route) && !route.IsLiteralPath ? route.Shape : null;

    private async Task<List<HttpTarget>> FindTriggersAsync(string path, string method, IReadOnlyList<string> shapes, CancellationToken cancellationToken)
    {
        var found = new List<HttpTarget>();
        foreach (var key in HttpRoute.KeysOf(path, shapes))
        {
            foreach (var trigger in _catalog.FindTriggers(StimulusHash.HttpKey(key, method)))
            {
                if (Target(path, trigger.Options) is not { } target)
                    continue;
                // Another server may have retracted it a moment ago: what is out of force starts nothing.
                if (_database.Provider == DatabaseProvider.Sqlite || await _catalog.FindTriggerAsync(trigger.Id, cancellationToken) is not null)
                    found.Add(target with { Trigger = trigger });
            }
        }

        return found;
    }

    private async Task<List<HttpTarget>> FindWaitingAsync(string path, string method, string? instanceId, string? correlationId, CancellationToken cancellationToken)
    {
        var shapes = await _database.QueryAsync(InstanceSql.RouteShapes, cancellationToken);
        var hashes = HttpRoute.KeysOf(path, shapes.Rows.Select(r => r[0].AsText!)).Select(k => InstanceSql.Key(StimulusHash.HttpKey(k, method))).ToArray();
        var found = new List<HttpTarget>();
        if (instanceId is not null)
        {
            var rows = await _database.QueryAsync(InstanceSql.BookmarksOfInstance, cancellationToken, instanceId);
            Add(rows.Rows.Where(r => hashes.Contains(r[3].AsText, StringComparer.Ordinal)));
        }
        else
        {
            foreach (var hash in hashes)
            {
                var rows = correlationId is null
                    ? await _database.QueryAsync(InstanceSql.FewBookmarksByHash, cancellationToken, hash)
                    : await _database.QueryAsync(InstanceSql.BookmarksByCorrelation, cancellationToken, hash, correlationId, "");
                Add(rows.Rows);
            }
        }

        return found;

        void Add(IEnumerable<SqlValue[]> rows)
        {
            foreach (var row in rows)
            {
                if (Target(path, WorkflowCatalog.Plain(row[7].AsText)) is { } target)
                    found.Add(target with { BookmarkId = row[0].AsText, InstanceId = row[1].AsText });
            }
        }
    }

    /// <summary>Half of a hash may meet another, and constraints decide by the value: the template itself has the last word.</summary>
    private static HttpTarget? Target(string path, object? options) =>
        options is IReadOnlyDictionary<string, object?> map && HttpRoute.TryParse(TextOf(map, "path"), out var route) && route.TryMatch(path, out var values)
            ? new HttpTarget { Template = TextOf(map, "path")!, RouteData = values, Options = map, Precedence = route.Precedence }
            : null;

    private static List<HttpTarget> MostSpecific(IReadOnlyList<HttpTarget> targets) =>
        targets.Count == 0 ? [] : [.. targets.Where(t => t.Precedence == targets.Min(o => o.Precedence))];

    private static string? TextOf(object? map, string name) => (map as IReadOnlyDictionary<string, object?>)?.GetValueOrDefault(name) as string;

    private sealed record TriggerShapes(IReadOnlyList<IndexedTrigger> Of, IReadOnlyList<string> Shapes);
}
