using System.Threading.Channels;
using Automation.Expressions;
using Automation.Intake.Events;
using Automation.Intake.Flow;
using Automation.Intake.Mapping;
using Automation.Intake.Replies;
using Automation.Intake.Sessions;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Routing;

/// <summary>
/// Brings stored events to what they start: those of one correlation key one after another in the order stored,
/// different keys at the same time. New events come straight from their commit; at start, and when more wait than memory
/// should hold, they are read back from the event log.
/// </summary>
internal sealed partial class EventRouter(
    EventProgress progress, MappingStore mappings, FlowControl flow, IWorkflowStarter workflows, SessionRouter sessions, ReplyFollower replies, Database database,
    WorkflowEvents? workflowEvents, IOptions<IntakeOptions> options, TimeProvider clock, ILogger<EventRouter> logger)
    : BackgroundService
{
    private const int PageSize = 500;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>How often, and for how long at least unrouted, events of a server that has died are looked for.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    /// <summary>How often held events are looked at, and where several servers share a database.</summary>
    private static readonly TimeSpan HoldLookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SharedLookInterval = TimeSpan.FromMilliseconds(250);

    private readonly Channel<IncomingEvent> _arrivals = Channel.CreateUnbounded<IncomingEvent>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>An item without an event is a nudge: the key's held events are offered again.</summary>
    private readonly KeyedQueue<IncomingEvent?> _queue = new();
    private readonly HeldEvents _held = new();
    private int _waiting;
    private readonly SemaphoreSlim _wakeFeeder = new(1);
    private readonly SemaphoreSlim _room = new(0);
    private readonly Lock _gate = new();

    // Guarded by the gate: events in memory, whether new ones may join them, and how many could not.
    private readonly HashSet<string> _inMemory = new(StringComparer.Ordinal);
    private bool _direct;
    private long _leftInLog;

    /// <summary>Events that wait in memory or are being routed.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether new events come straight: all that waited in the log, at the start or since, has been read.</summary>
    public bool HasCaughtUp
    {
        get
        {
            lock (_gate)
                return _direct;
        }
    }

    /// <summary>Reads an event; null where there is none.</summary>
    public ValueTask<IncomingEvent?> FindAsync(string eventId, CancellationToken cancellationToken) => progress.FindAsync(eventId, cancellationToken);

    /// <summary>Whether an event is held in this process for an instance of its session that is busy.</summary>
    public bool IsHeld(string eventId) => _held.Contains(eventId);

    /// <summary>Takes a stored event on. Called on the committer's thread, in the order of commits; does not wait.</summary>
    public void Post(IncomingEvent incoming)
    {
        if (incoming.Status != EventStatus.Received)
            return;
        lock (_gate)
        {
            if (_direct && Waiting < options.Value.RoutingQueue)
            {
                Admit(incoming);
                return;
            }

            _leftInLog++;
            if (!_direct)
                return;
            // From here on order can only be kept by reading the log, until all that was left there has been read.
            _direct = false;
        }

        _wakeFeeder.Release();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll([FeedAsync(stoppingToken), LineUpAsync(stoppingToken), SweepAsync(stoppingToken), NudgeAsync(stoppingToken), .. Enumerable.Range(0, options.Value.RoutingConcurrency).Select(_ => WorkAsync(stoppingToken))]);

    private static string KeyOf(IncomingEvent e) => e.CorrelationKey is null ? e.Id : e.Source + "\n" + e.CorrelationKey;

    /// <summary>Under the gate.</summary>
    private void Admit(IncomingEvent incoming)
    {
        if (!_inMemory.Add(incoming.Id))
            return;
        Interlocked.Increment(ref _waiting);
        _arrivals.Writer.TryWrite(incoming);
    }

    /// <summary>Puts events into line, in the order stored: for their correlation key, and for each key of flow control that they have.</summary>
    private async Task LineUpAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var incoming in _arrivals.Reader.ReadAllAsync(stopping))
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

    private async Task FeedAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await _wakeFeeder.WaitAsync(stopping);
                var fed = await UntilDoneAsync(FeedFromLogAsync, stopping);
                if (fed > 0)
                    LogFed(fed);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping; what waits is in the log.
        }
    }

    /// <summary>Reads what waits in the log until nothing is left there, then lets new events come straight again.</summary>
    private async Task<int> FeedFromLogAsync(CancellationToken stopping)
    {
        var fed = 0;
        while (true)
        {
            long seen;
            lock (_gate)
                seen = _leftInLog;
            var after = "";
            List<IncomingEvent> page;
            do
            {
                page = await progress.WaitingAsync(after, PageSize, stopping);
                foreach (var incoming in page)
                {
                    while (Waiting >= options.Value.RoutingQueue)
                        await _room.WaitAsync(stopping);
                    lock (_gate)
                    {
                        var before = _inMemory.Count;
                        Admit(incoming);
                        fed += _inMemory.Count - before;
                    }

                    after = incoming.Id;
                }
            }
            while (page.Count == PageSize);

            lock (_gate)
            {
                // Whatever was left in the log before "seen" was read is committed, so the pages held it.
                if (_leftInLog == seen)
                {
                    _direct = true;
                    return fed;
                }
            }
        }
    }

    /// <summary>
    /// Takes on events that another server stored and did not live to route. Where it lives and is only slow, both try
    /// and one start is refused by the database.
    /// </summary>
    private async Task SweepAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(SweepInterval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                var page = await UntilDoneAsync(ct => progress.WaitingAsync("", PageSize, ct).AsTask(), stopping);
                var old = clock.GetUtcNow() - SweepInterval;
                lock (_gate)
                {
                    // While the log is being read in order anyway, nothing may overtake it.
                    if (!_direct)
                        continue;
                    foreach (var incoming in page.TakeWhile(e => e.ReceivedAt < old && Waiting < options.Value.RoutingQueue))
                        Admit(incoming);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var entry in _queue.Ready.ReadAllAsync(stopping))
            {
                await OfferHeldAsync(entry.Keys[0], stopping);
                if (entry.Item is { } incoming && await TakeTurnAsync(entry.Keys[0], incoming, stopping))
                    Forget(incoming);
                _queue.Done(entry);
                if (entry.Item is null)
                    continue;
                Interlocked.Decrement(ref _waiting);
                if (Waiting < options.Value.RoutingQueue && _room.CurrentCount == 0)
                    _room.Release();
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
        if (await UntilDoneAsync(ct => RouteAsync(incoming, mayHold: true, ct), stopping))
            return true;
        // Held first and offered again then: a wait that began in between is found now, one that begins from here on nudges.
        _held.Add(key, incoming);
        if (!await UntilDoneAsync(ct => RouteAsync(incoming, mayHold: true, ct), stopping))
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
            if (!await UntilDoneAsync(ct => RouteAsync(held, mayHold, ct), stopping))
                continue;
            _held.Remove(key, held);
            Forget(held);
        }
    }

    private void Forget(IncomingEvent incoming)
    {
        lock (_gate)
            _inMemory.Remove(incoming.Id);
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

    /// <summary>Tries until the database takes it: an event that is stored is never given up because of the store.</summary>
    private async Task<T> UntilDoneAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stopping)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        while (true)
        {
            try
            {
                return await work(stopping);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogTryingAgain(e, pause);
                await Task.Delay(pause, clock, stopping);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    /// <summary>Routes one event to its end: to the instance of its session that waits for it, or else to what rules start.</summary>
    /// <returns>False where it is to be held for an instance of its session.</returns>
    private async Task<bool> RouteAsync(IncomingEvent incoming, bool mayHold, CancellationToken cancellationToken)
    {
        var payload = replies.PayloadOf(incoming);
        var candidates = mappings.Current.Candidates(incoming.Source, incoming.Type ?? "");
        var isLast = !Array.Exists(candidates, r => r.Rule.Alongside);
        var offer = await sessions.OfferAsync(payload, isLast, cancellationToken);
        if (offer.HeldFor is { } busy)
        {
            if (mayHold)
                return false;
            await FailAsync(incoming, [$"The instance {busy} of the same session runs and did not come to wait for this event within {options.Value.SessionHold}."], [], cancellationToken);
            return true;
        }

        List<CompiledRule> rules = [];
        List<string> failures = [.. offer.Failures];
        List<InstanceSnapshot> runs = [.. offer.Resumed];
        foreach (var rule in candidates.Where(r => !offer.Taken || r.Rule.Alongside))
        {
            try
            {
                if (rule.Passes(payload))
                    rules.Add(rule);
            }
            catch (ExpressionException e)
            {
                failures.Add($"Rule {rule.Rule.Id}: the filter failed: {e.Message}");
            }
        }

        if (rules.Count == 0 && failures.Count == 0)
        {
            await EndUnstartedAsync(incoming, offer, isLast, cancellationToken);
            return true;
        }

        HashSet<string>? before = null;
        var undecided = false;
        var controlled = rules.Exists(r => r.Flow is not null);
        var finished = false;
        for (var i = 0; i < rules.Count; i++)
        {
            var last = i == rules.Count - 1 && failures.Count == 0;
            if (rules[i].Flow is not null)
            {
                var admission = await flow.AdmitAsync(rules[i], payload, last, cancellationToken);
                undecided |= admission is { Started: false, Failure: null };
                if (admission.Run is { } admitted)
                    runs.Add(admitted);
                finished = last && admission is { Failure: null, Before: false };
                if (admission.Failure is { } reason)
                    failures.Add($"Rule {rules[i].Rule.Id}: {reason}");
                continue;
            }

            switch (await StartAsync(rules[i], payload, last && !controlled, cancellationToken))
            {
                case (true, _, var run):
                    if (run is not null)
                        runs.Add(run);
                    break;
                case (false, { } failure, _):
                    failures.Add($"Rule {rules[i].Rule.Id}: {failure}");
                    break;
                default:
                    // Started by an earlier try. If it was the last one, the event's end may still be missing.
                    before ??= await progress.StartsAsync(incoming.Id, cancellationToken);
                    break;
            }
        }

        if (failures.Count > 0)
        {
            await FailAsync(incoming, failures, runs, cancellationToken);
            return true;
        }

        if (controlled)
        {
            if (!finished)
                await progress.FinishAsync(incoming.Id, cancellationToken);
        }
        else if (before is not null)
        {
            await progress.MarkAsync(incoming.Id, EventStatus.Routed, null, cancellationToken);
        }

        // What flow control holds back may be started, and reply, before the deadline; what it skips will not.
        if (!undecided || (replies.IsAwaited(incoming.Id) && (await progress.FindAsync(incoming.Id, cancellationToken))?.Status == EventStatus.Skipped))
            replies.Follow(incoming.Id, runs, failures);
        return true;
    }

    /// <summary>Ends an event for which no rule starts anything.</summary>
    private async Task EndUnstartedAsync(IncomingEvent incoming, Offer offer, bool isLast, CancellationToken cancellationToken)
    {
        // An event that is routed again finds nobody waiting any more; what it has done before is in its trail.
        var did = offer.Taken || offer.Resumed.Count > 0 || (await progress.StartsAsync(incoming.Id, cancellationToken)).Count > 0;
        if (!offer.Taken || !isLast)
        {
            // Why nothing of its session went on is known only now.
            var reason = did || offer.Refusals.Count == 0 ? null : string.Join('\n', offer.Refusals);
            await progress.MarkAsync(incoming.Id, did ? EventStatus.Routed : EventStatus.Unmatched, reason, cancellationToken);
        }

        if (did)
            replies.Follow(incoming.Id, offer.Resumed, []);
        else
            replies.Unmatched(incoming.Id);
    }

    private async Task FailAsync(IncomingEvent incoming, List<string> failures, List<InstanceSnapshot> runs, CancellationToken cancellationToken)
    {
        await progress.MarkAsync(incoming.Id, EventStatus.Failed, string.Join('\n', failures), cancellationToken);
        LogFailed(incoming.Id, incoming.Source, incoming.Type, string.Join("; ", failures));
        replies.Follow(incoming.Id, runs, failures);
    }

    /// <summary>Starts one workflow.</summary>
    /// <returns>Whether it was started; why not, or null where it had been before.</returns>
    private async Task<(bool Started, string? Failure, InstanceSnapshot? Run)> StartAsync(CompiledRule rule, EventPayload payload, bool last, CancellationToken cancellationToken)
    {
        var eventId = payload.Incoming.Id;
        try
        {
            var instanceId = Guid.CreateVersion7(clock.GetUtcNow()).ToString();
            var start = new WorkflowStart(rule.Rule.Workflow, instanceId, rule.Correlation(payload), rule.Inputs(payload), eventId)
            {
                Trigger = rule.Rule.Trigger,
                Event = rule.Rule.Trigger switch
                {
                    null => null,
                    { WantsPayload: true } => payload.Payload,
                    _ => payload.Event,
                },
            };
            var run = await workflows.StartAsync(start, unit => progress.AddStart(unit, eventId, rule.Rule.Id, rule.Rule.Workflow, instanceId, last), cancellationToken);
            return (true, null, run);
        }
        catch (WriteConflictException e) when (e.Statement == EventProgress.InsertStart || e.Statement == EventProgress.MarkRouted)
        {
            return (false, null, null);
        }
        catch (Exception e) when (e is not OperationCanceledException and not StorageUnavailableException)
        {
            // Whatever a workflow or a rule does wrong is this event's failure, told with it; the next event goes on.
            return (false, e.Message, null);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Events} events from the log go on their way")]
    private partial void LogFed(int events);

    [LoggerMessage(LogLevel.Warning, "Event {EventId} ({Source} {Type}) failed: {Reason}")]
    private partial void LogFailed(string eventId, string source, string? type, string reason);

    [LoggerMessage(LogLevel.Warning, "Routing could not go on; trying again in {Pause}")]
    private partial void LogTryingAgain(Exception exception, TimeSpan pause);
}
