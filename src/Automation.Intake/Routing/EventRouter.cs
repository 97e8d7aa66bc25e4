using System.Threading.Channels;
using Automation.Expressions;
using Automation.Intake.Events;
using Automation.Intake.Flow;
using Automation.Intake.Mapping;
using Automation.Storage.Events;
using Automation.Storage.Writes;
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
    EventProgress progress, MappingStore mappings, FlowControl flow, IWorkflowStarter workflows, IOptions<IntakeOptions> options, TimeProvider clock, ILogger<EventRouter> logger)
    : BackgroundService
{
    private const int PageSize = 500;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>How often, and for how long at least unrouted, events of a server that has died are looked for.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly Channel<IncomingEvent> _arrivals = Channel.CreateUnbounded<IncomingEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly KeyedQueue<IncomingEvent> _queue = new();
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

    /// <summary>Reads an event; null where there is none.</summary>
    public ValueTask<IncomingEvent?> FindAsync(string eventId, CancellationToken cancellationToken) => progress.FindAsync(eventId, cancellationToken);

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
        Task.WhenAll([FeedAsync(stoppingToken), LineUpAsync(stoppingToken), SweepAsync(stoppingToken), .. Enumerable.Range(0, options.Value.RoutingConcurrency).Select(_ => WorkAsync(stoppingToken))]);

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
                var incoming = entry.Item;
                await UntilDoneAsync(ct => RouteAsync(incoming, ct), stopping);
                lock (_gate)
                    _inMemory.Remove(incoming.Id);
                _queue.Done(entry);
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

    /// <summary>Routes one event to its end.</summary>
    /// <returns>How many instances it started.</returns>
    private async Task<int> RouteAsync(IncomingEvent incoming, CancellationToken cancellationToken)
    {
        var payload = new EventPayload(incoming);
        List<CompiledRule> rules = [];
        List<string> failures = [];
        foreach (var rule in mappings.Current.Candidates(incoming.Source, incoming.Type ?? ""))
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

        if (rules.Count == 0)
        {
            await progress.MarkAsync(incoming.Id, failures.Count > 0 ? EventStatus.Failed : EventStatus.Unmatched, failures.Count > 0 ? string.Join('\n', failures) : null, cancellationToken);
            return 0;
        }

        var started = 0;
        HashSet<string>? before = null;
        var controlled = rules.Exists(r => r.Flow is not null);
        var finished = false;
        for (var i = 0; i < rules.Count; i++)
        {
            var last = i == rules.Count - 1 && failures.Count == 0;
            if (rules[i].Flow is not null)
            {
                var admission = await flow.AdmitAsync(rules[i], payload, last, cancellationToken);
                started += admission.Started ? 1 : 0;
                finished = last && admission is { Failure: null, Before: false };
                if (admission.Failure is { } reason)
                    failures.Add($"Rule {rules[i].Rule.Id}: {reason}");
                continue;
            }

            switch (await StartAsync(rules[i], payload, last && !controlled, cancellationToken))
            {
                case (true, _):
                    started++;
                    break;
                case (false, { } failure):
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
            await progress.MarkAsync(incoming.Id, EventStatus.Failed, string.Join('\n', failures), cancellationToken);
            LogFailed(incoming.Id, incoming.Source, incoming.Type, string.Join("; ", failures));
        }
        else if (controlled)
        {
            if (!finished)
                await progress.FinishAsync(incoming.Id, cancellationToken);
        }
        else if (before is not null)
        {
            await progress.MarkAsync(incoming.Id, EventStatus.Routed, null, cancellationToken);
        }

        return started;
    }

    /// <summary>Starts one workflow.</summary>
    /// <returns>Whether it was started; why not, or null where it had been before.</returns>
    private async Task<(bool Started, string? Failure)> StartAsync(CompiledRule rule, EventPayload payload, bool last, CancellationToken cancellationToken)
    {
        var eventId = payload.Incoming.Id;
        try
        {
            var instanceId = Guid.CreateVersion7(clock.GetUtcNow()).ToString();
            var start = new WorkflowStart(rule.Rule.Workflow, instanceId, rule.Correlation(payload), rule.Inputs(payload), eventId)
            {
                Trigger = rule.Rule.Trigger,
                Event = rule.Rule.Trigger is null ? null : payload.Event,
            };
            await workflows.StartAsync(start, unit => progress.AddStart(unit, eventId, rule.Rule.Id, rule.Rule.Workflow, instanceId, last), cancellationToken);
            return (true, null);
        }
        catch (WriteConflictException e) when (e.Statement == EventProgress.InsertStart || e.Statement == EventProgress.MarkRouted)
        {
            return (false, null);
        }
        catch (Exception e) when (e is not OperationCanceledException and not StorageUnavailableException)
        {
            // Whatever a workflow or a rule does wrong is this event's failure, told with it; the next event goes on.
            return (false, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Events} events from the log go on their way")]
    private partial void LogFed(int events);

    [LoggerMessage(LogLevel.Warning, "Event {EventId} ({Source} {Type}) failed: {Reason}")]
    private partial void LogFailed(string eventId, string source, string? type, string reason);

    [LoggerMessage(LogLevel.Warning, "Routing could not go on; trying again in {Pause}")]
    private partial void LogTryingAgain(Exception exception, TimeSpan pause);
}
