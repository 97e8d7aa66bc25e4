using System.Collections.Concurrent;
using Automation.Expressions;
using Automation.Intake.Mapping;
using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;

namespace Automation.Intake.Sessions;

/// <summary>What became of an event that was offered to waiting instances.</summary>
/// <param name="Taken">Whether an instance of the event's own session took it: then no rule starts anything, unless it says so.</param>
/// <param name="HeldFor">The instance that is busy and may come to wait for it; null for none.</param>
/// <param name="Resumed">The instances that went on, and how they stand.</param>
/// <param name="Failures">Why instances could not go on.</param>
internal sealed record Offer(bool Taken, string? HeldFor, IReadOnlyList<InstanceSnapshot> Resumed, IReadOnlyList<string> Failures)
{
    public static readonly Offer Nobody = new(false, null, [], []);

    /// <summary>Why instances of the event's session that wait did not take it, a sentence each.</summary>
    public IReadOnlyList<string> Refusals { get; init; } = [];
}

/// <summary>
/// Brings events to instances that wait for them: by "Wait for event" of the same correlation key, or by Elsa's Event
/// activity of the event type's name. Without an engine, as in tests of the intake alone, nobody waits.
/// </summary>
internal sealed class SessionRouter(Database database, EventProgress progress, ExpressionCompiler expressions, WorkflowRuntime? runtime, WorkflowCatalog? catalog) : IDisposable
{
    /// <summary>So that filters that are computed anew each time cannot make the memory grow.</summary>
    private const int MaxFilters = 1024;

    /// <summary>So many waits are told of that did not take an event.</summary>
    private const int MaxRefusals = 5;

    private readonly ConcurrentDictionary<string, Func<EventPayload, bool>?> _filters = new(StringComparer.Ordinal);
    private readonly AwaitedEvents _awaited = new(database, catalog);

    /// <summary>Finds out which events workflows wait for, now and whenever one is published.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _awaited.StartAsync(cancellationToken);

    /// <summary>Whether an instance may wait for such an event.</summary>
    public bool MayBeAwaited(string source, string? type, string? correlationKey) =>
        runtime is not null && ((correlationKey is not null && _awaited.ByKey(source, type ?? "")) || _awaited.ByName(source, type ?? ""));

    /// <summary>Offers an event to the instances that wait.</summary>
    /// <param name="payload">The event.</param>
    /// <param name="isLast">Whether the event comes to its end with the instance that takes it.</param>
    /// <param name="cancellationToken">Stops between two instances.</param>
    /// <exception cref="StorageUnavailableException">The database could not take it; offer it again.</exception>
    public async Task<Offer> OfferAsync(EventPayload payload, bool isLast, CancellationToken cancellationToken)
    {
        var incoming = payload.Incoming;
        if (!MayBeAwaited(incoming.Source, incoming.Type, incoming.CorrelationKey))
            return Offer.Nobody;
        // A bookmark that somebody else has used meanwhile (a timeout, another server) is looked for again: the instance may wait at the next one.
        List<string> refusals = [];
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            refusals.Clear();
            var (own, others) = await FindAsync(payload, refusals, cancellationToken);
            if (own.Count + others.Count == 0)
                break;
            if (await ResumeAsync(payload, own, others, isLast, cancellationToken) is { } offer)
                return offer with { Refusals = refusals };
        }

        var busy = incoming.CorrelationKey is { } key ? await BusyAsync(key, payload, cancellationToken) : null;
        return busy is null && refusals.Count == 0 ? Offer.Nobody : Offer.Nobody with { HeldFor = busy, Refusals = refusals };
    }

    public void Dispose() => _awaited.Dispose();

    private async ValueTask<(List<WaitingBookmark> Own, List<WaitingBookmark> Others)> FindAsync(EventPayload payload, List<string> refusals, CancellationToken cancellationToken)
    {
        var (own, others) = (new List<WaitingBookmark>(), new List<WaitingBookmark>());
        var (source, key) = (payload.Incoming.Source, payload.Incoming.CorrelationKey);
        if (key is not null && _awaited.ByKey(source, payload.Incoming.Type ?? ""))
        {
            foreach (var bookmark in await runtime!.FindWaitingAsync(SessionWait.Hash(key), cancellationToken))
            {
                if (bookmark.Options is not IReadOnlyDictionary<string, object?> options)
                    continue;
                if (Refusal(options.GetValueOrDefault("source") as string, options.GetValueOrDefault("eventType") as string, options.GetValueOrDefault("filter") as string, payload) is not { } refusal)
                    own.Add(bookmark);
                else if (refusals.Count < MaxRefusals)
                    refusals.Add($"The instance {bookmark.InstanceId} of {bookmark.DefinitionId} waits in its session, but {refusal}.".ReplaceLineEndings(" "));
            }
        }

        if (payload.Incoming.Type is { } type && _awaited.ByName(source, type))
        {
            foreach (var bookmark in await runtime!.FindWaitingAsync(StimulusHash.Event(type), cancellationToken))
            {
                if (key is not null && bookmark.CorrelationId == key)
                    own.Add(bookmark);
                else if (key is null || bookmark.CorrelationId is null)
                    others.Add(bookmark);
            }
        }

        return (own, others);
    }

    /// <summary>Resumes the instances.</summary>
    /// <returns>Null where none of them waits any more.</returns>
    private async Task<Offer?> ResumeAsync(EventPayload payload, List<WaitingBookmark> own, List<WaitingBookmark> others, bool isLast, CancellationToken cancellationToken)
    {
        var resumed = new List<InstanceSnapshot>();
        var failures = new List<string>();
        var (taken, ended) = (false, false);
        var eventId = payload.Incoming.Id;
        for (var i = 0; i < own.Count + others.Count; i++)
        {
            var isOwn = i < own.Count;
            var bookmark = isOwn ? own[i] : others[i - own.Count];
            // The event ends with the last one, if it is of its own session; else rules have their say.
            var ends = isLast && isOwn && i == own.Count - 1 && others.Count == 0 && failures.Count == 0;
            try
            {
                var result = await runtime!.ResumeAsync(
                    new ResumeWorkflowRequest(bookmark.BookmarkId)
                    {
                        // Elsa's Event gives the payload; "Wait for event" the event with it.
                        Payload = bookmark.Options is null ? payload.Payload : payload.Event,
                        EventId = eventId,
                        Companion = unit => progress.AddStart(unit, eventId, EventProgress.ResumePrefix + bookmark.BookmarkId, bookmark.DefinitionId, bookmark.InstanceId, ends),
                    },
                    cancellationToken);
                if (!result.Resumed)
                    continue;
                resumed.Add(result.Instance!);
                taken |= isOwn;
                ended |= ends;
            }
            catch (WriteConflictException e) when (e.Statement == EventProgress.InsertStart || e.Statement == EventProgress.MarkRouted)
            {
                // An earlier try had resumed it.
                taken |= isOwn;
            }
            catch (Exception e) when (e is not OperationCanceledException and not StorageUnavailableException)
            {
                failures.Add($"Instance {bookmark.InstanceId}: {e.Message}");
                taken |= isOwn;
            }
        }

        if (taken && isLast && !ended && failures.Count == 0)
            await progress.MarkAsync(eventId, Automation.Storage.Events.EventStatus.Routed, null, cancellationToken);
        return taken || resumed.Count + failures.Count > 0 ? new Offer(taken, null, resumed, failures) : null;
    }

    /// <summary>An instance of the session that runs, does not wait for such an event now, and may come to.</summary>
    private async ValueTask<string?> BusyAsync(string correlationKey, EventPayload payload, CancellationToken cancellationToken)
    {
        foreach (var running in await runtime!.FindRunningAsync(correlationKey, cancellationToken))
        {
            if (await catalog!.FindGraphAsync(running.DefinitionVersionId, cancellationToken) is { } graph && WaitPoints.Of(graph).Any(p => Refusal(p.Source, p.Type, p.Filter, payload) is null))
                return running.Id;
        }

        return null;
    }

    /// <summary>Why a wait does not take an event; null where it does.</summary>
    private string? Refusal(string? source, string? type, string? filter, EventPayload payload)
    {
        if (!Pattern.Matches(source ?? "*", payload.Incoming.Source))
            return $"for events of the source {source}";
        if (!Pattern.Matches(type ?? "*", payload.Incoming.Type ?? ""))
            return $"for events of the type {type}";
        if (filter is null)
            return null;
        try
        {
            return Filter(filter) is not { } passes ? $"its filter {filter} cannot be read" : passes(payload) ? null : $"its filter {filter} is not true";
        }
        catch (ExpressionException e)
        {
            // A filter that fails for this event has not said that it wants it.
            return $"its filter {filter} failed: {e.Message.TrimEnd('.')}";
        }
    }

    private Func<EventPayload, bool>? Filter(string text)
    {
        if (_filters.TryGetValue(text, out var known))
            return known;
        Func<EventPayload, bool>? filter;
        try
        {
            filter = expressions.Condition(text);
        }
        catch (FormatException)
        {
            filter = null;
        }

        if (_filters.Count >= MaxFilters)
            _filters.Clear();
        _filters.TryAdd(text, filter);
        return filter;
    }
}
