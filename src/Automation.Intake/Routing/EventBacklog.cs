using System.Threading.Channels;
using Automation.Intake.Events;
using Automation.Storage.Events;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Routing;

/// <summary>
/// The events that are to be routed, in the order stored. New ones come straight from their commit; at start, and when more
/// wait than memory should hold, they are read back from the event log.
/// </summary>
internal sealed partial class EventBacklog(
    EventProgress progress, Perseverance perseverance, IOptions<IntakeOptions> options, TimeProvider clock, ILogger<EventBacklog> logger)
{
    private const int PageSize = 500;

    /// <summary>How often, and for how long at least unrouted, events of a server that has died are looked for.</summary>
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly Channel<IncomingEvent> _arrivals = Channel.CreateUnbounded<IncomingEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SemaphoreSlim _wakeFeeder = new(1);
    private readonly SemaphoreSlim _room = new(0);
    private readonly Lock _gate = new();
    private int _waiting;

    // Guarded by the gate: events in memory, whether new ones may join them, and how many could not.
    private readonly HashSet<string> _inMemory = new(StringComparer.Ordinal);
    private bool _direct;
    private long _leftInLog;

    /// <summary>The events as they come; for one reader.</summary>
    public ChannelReader<IncomingEvent> Arrivals => _arrivals.Reader;

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

    /// <summary>Reads the log whenever events were left there, until the server stops.</summary>
    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(FeedAsync(stopping), SweepAsync(stopping));

    /// <summary>Says that an event has had its turn: another one may take its room.</summary>
    public void HadTurn()
    {
        Interlocked.Decrement(ref _waiting);
        if (Waiting < options.Value.RoutingQueue && _room.CurrentCount == 0)
            _room.Release();
    }

    /// <summary>Says that an event is done with: where the log still has it as received, it is taken on again.</summary>
    public void Forget(IncomingEvent incoming)
    {
        lock (_gate)
            _inMemory.Remove(incoming.Id);
    }

    /// <summary>Under the gate.</summary>
    private void Admit(IncomingEvent incoming)
    {
        if (!_inMemory.Add(incoming.Id))
            return;
        Interlocked.Increment(ref _waiting);
        _arrivals.Writer.TryWrite(incoming);
    }

    private async Task FeedAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await _wakeFeeder.WaitAsync(stopping);
                var fed = await perseverance.UntilDoneAsync(FeedFromLogAsync, stopping);
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
                var page = await perseverance.UntilDoneAsync(ct => progress.WaitingAsync("", PageSize, ct).AsTask(), stopping);
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

    [LoggerMessage(LogLevel.Information, "{Events} events from the log go on their way")]
    private partial void LogFed(int events);
}
