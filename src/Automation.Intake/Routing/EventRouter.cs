using Automation.Expressions;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Sessions;
using Automation.Storage;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Routing;

/// <summary>
/// Brings stored events to what they start: those of one correlation key one after another in the order stored,
/// different keys at the same time.
/// </summary>
internal sealed class EventRouter(
    EventBacklog backlog, EventDispatcher dispatcher, Perseverance perseverance, MappingStore mappings, Database database,
    WorkflowEvents? workflowEvents, IOptions<IntakeOptions> options, TimeProvider clock)
    : BackgroundService
{
    /// <summary>How often held events are looked at, and where several servers share a database.</summary>
    private static readonly TimeSpan HoldLookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SharedLookInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>An item without an event is a nudge: the key's held events are offered again.</summary>
    private readonly KeyedQueue<IncomingEvent?> _queue = new();
    private readonly HeldEvents _held = new();

    /// <summary>Whether an event is held in this process for an instance of its session that is busy.</summary>
    public bool IsHeld(string eventId) => _held.Contains(eventId);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([backlog.RunAsync(stoppingToken), LineUpAsync(stoppingToken), NudgeAsync(stoppingToken), .. Enumerable.Range(0, options.Value.RoutingConcurrency).Select(_ => WorkAsync(stoppingToken))]);

    private static string KeyOf(IncomingEvent e) => e.CorrelationKey is null ? e.Id : e.Source + "\n" + e.CorrelationKey;

    /// <summary>Puts events into line, in the order stored: for their correlation key, and for each key of flow control that they have.</summary>
    private async Task LineUpAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var incoming in backlog.Arrivals.ReadAllAsync(stopping))
                _queue.Add(incoming, KeysOf(incoming));
        }
        catch (OperationCanceledException)
        {
            // Stopping; what waits is in the log.
        }
    }

    private string[] KeysOf(IncomingEvent incoming)
    {
        var key = KeyOf(incoming);
        var rules = mappings.Current;
        if (!rules.HasFlow)
            return [key];
        var keys = new HashSet<string>(StringComparer.Ordinal) { key };
        EventPayload? payload = null;
        foreach (var rule in rules.Candidates(incoming.Source, incoming.Type ?? ""))
        {
            if (rule.Flow is null)
                continue;
            try
            {
                payload ??= new EventPayload(incoming);
                if (rule.Passes(payload))
                    keys.Add("\n" + rule.Rule.Id + "\n" + rule.Flow.Key(payload));
            }
            catch (ExpressionException)
            {
                // Told when the event is routed.
            }
        }

        return [.. keys];
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var entry in _queue.Ready.ReadAllAsync(stopping))
            {
                await OfferHeldAsync(entry.Keys[0], stopping);
                if (entry.Item is { } incoming && await TakeTurnAsync(entry.Keys[0], incoming, stopping))
                    backlog.Forget(incoming);
                _queue.Done(entry);
                if (entry.Item is not null)
                    backlog.HadTurn();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; an event in the middle is routed again at the next start, and what it started is not started twice.
        }
    }

    /// <summary>Routes an event, or holds it for an instance of its session.</summary>
    /// <returns>Whether it is done with.</returns>
    private async Task<bool> TakeTurnAsync(string key, IncomingEvent incoming, CancellationToken stopping)
    {
        if (await perseverance.UntilDoneAsync(ct => dispatcher.RouteAsync(incoming, mayHold: true, ct), stopping))
            return true;
        // Held first and offered again then: a wait that began in between is found now, one that begins from here on nudges.
        _held.Add(key, incoming);
        if (!await perseverance.UntilDoneAsync(ct => dispatcher.RouteAsync(incoming, mayHold: true, ct), stopping))
            return false;
        _held.Remove(key, incoming);
        return true;
    }

    /// <summary>Offers a key's held events again, in their order.</summary>
    private async Task OfferHeldAsync(string key, CancellationToken stopping)
    {
        foreach (var held in _held.Of(key))
        {
            var mayHold = held.ReceivedAt + options.Value.SessionHold > clock.GetUtcNow();
            if (!await perseverance.UntilDoneAsync(ct => dispatcher.RouteAsync(held, mayHold, ct), stopping))
                continue;
            _held.Remove(key, held);
            backlog.Forget(held);
        }
    }

    /// <summary>Offers held events again: when an instance of their session has gone on, and when they have been held long enough.</summary>
    private async Task NudgeAsync(CancellationToken stopping)
    {
        using var listening = workflowEvents?.OnCommitted(c =>
        {
            if (_held.Count > 0 && c.Instance.CorrelationId is { } correlationId)
                Nudge(_held.KeysOf(correlationId));
        });
        // What other servers do with an instance is not told here.
        var shared = database.Provider == DatabaseProvider.PostgreSql;
        using var timer = new PeriodicTimer(shared ? SharedLookInterval : HoldLookInterval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
                Nudge(_held.KeysBefore(shared ? DateTimeOffset.MaxValue : clock.GetUtcNow() - options.Value.SessionHold));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private void Nudge(string[] keys)
    {
        foreach (var key in keys)
            _queue.Add(null, key);
    }
}
