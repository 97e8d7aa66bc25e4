using System.Collections.Concurrent;
using System.Threading.Channels;
using Automation.Jobs.Store;

namespace Automation.Jobs.Server;

/// <summary>
/// Where the client and the server of one process meet: a job enqueued while a worker is free is stored as already
/// taken by this server, which saves the round through the queue, and handed over after its commit. Thread-safe.
/// </summary>
internal sealed class LocalWorkers
{
    private readonly Channel<ClaimedJob> _ready = Channel.CreateUnbounded<ClaimedJob>();
    private readonly Dictionary<string, QueueLoad> _queues = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0, 1);

    private readonly ConcurrentDictionary<long, ClaimedJob> _held = new();

    private const int MostAhead = 256;
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(5);

    /// <summary>How long jobs that follow one another keep a worker from those that wait in the queues.</summary>
    private static readonly TimeSpan LongestChain = TimeSpan.FromSeconds(1);

    private volatile ServerIdentity? _identity;
    private volatile bool _backlog = true;
    private volatile IReadOnlySet<string> _paused = new HashSet<string>();
    private long _signals;
    private int _capacity;
    private int _taken;

    // Runs that wait without a worker, and how many may.
    private int _aside;
    private int _mostAside;
    private int _completing;

    // Milliseconds; begins as if jobs were slow.
    private double _averageRun = 1000;

    // Promises of workers to units that have not committed. A unit that never does leaves its promise behind; the
    // generation it belongs to is forgotten after two beats, so nothing leaks.
    private Promises _promises = new();
    private Promises _olderPromises = new();

    /// <summary>The jobs handed over, for the workers to run.</summary>
    public ChannelReader<ClaimedJob> Ready => _ready.Reader;

    /// <summary>Under which id this process runs jobs; null while it does not.</summary>
    public ServerIdentity? Identity => _identity;

    /// <summary>Told when a job is scheduled: the server looks whether it is the next one due.</summary>
    public Action<DateTime>? Scheduled { get; set; }

    /// <summary>Told when a recurring job changes.</summary>
    public Action? RecurringChanged { get; set; }

    /// <summary>The jobs that this process holds, by their queue rows.</summary>
    public ICollection<ClaimedJob> Held => _held.Values;

    /// <summary>Begins to take jobs.</summary>
    public void Open(ServerIdentity identity, JobOptions options)
    {
        _capacity = options.WorkerCount;
        _mostAside = options.AsideCount;
        foreach (var queue in options.ServedQueues)
            _queues[queue] = new QueueLoad(options.QueueConcurrency.TryGetValue(queue, out var limit) ? limit : int.MaxValue);
        _identity = identity;
        Signal();
    }

    /// <summary>Goes on under another id.</summary>
    public void Rename(ServerIdentity identity) => _identity = identity;

    /// <summary>Takes no more jobs.</summary>
    public void Close() => _identity = null;

    /// <summary>Ends the workers once they have run what was handed over, and what stood aside has come back and ended.</summary>
    public void Complete()
    {
        Interlocked.Exchange(ref _completing, 1);
        if (Volatile.Read(ref _aside) == 0)
            _ready.Writer.TryComplete();
    }

    /// <summary>A run that waits gives its worker back, unless the server stops or too many wait already.</summary>
    public bool TryStandAside(ClaimedJob job)
    {
        if (Interlocked.Increment(ref _aside) > _mostAside || _identity is null)
        {
            NoLongerAside();
            return false;
        }

        FreeWorker(job);
        return true;
    }

    /// <summary>A run that stood aside wants a worker again; it comes after the jobs that were handed over before.</summary>
    public void ComeBack(ClaimedJob job)
    {
        TakeWorker(job);
        NoLongerAside();
    }

    /// <summary>
    /// Promises a worker for a job of a queue, if one is free and nothing waits before it; or the worker of the job whose
    /// end the same unit holds, for a while also before others.
    /// </summary>
    public bool TryPromise(string queue, ClaimedJob? ending, out ServerIdentity identity, out object? promise)
    {
        identity = _identity!;
        promise = null;
        if (identity is null || !_queues.TryGetValue(queue, out var load) || IsPaused(queue) || load.Limit != int.MaxValue)
            return false;
        if (ending is { Run: { HasFollower: false } run } && run.ChainLasts < LongestChain)
        {
            run.HasFollower = true;
            return true;
        }

        if (_backlog)
            return false;
        var promises = Volatile.Read(ref _promises);
        if (Room(Volatile.Read(ref _taken) + Math.Max(0, promises.Count) + Math.Max(0, _olderPromises.Count)) <= 0)
            return false;
        Interlocked.Increment(ref promises.Count);
        promise = promises;
        return true;
    }

    /// <summary>Hands over a job whose promise has been committed.</summary>
    public void Hand(ClaimedJob job, object? promise)
    {
        if (promise is Promises promises)
            Interlocked.Decrement(ref promises.Count);
        Hand(job);
    }

    /// <summary>Hands over a job that was taken out of a queue.</summary>
    public void Hand(ClaimedJob job)
    {
        _held[job.QueueRowId] = job;
        TakeWorker(job);
    }

    /// <summary>A job was deleted or requeued here: where this process holds it, its run is cancelled or does not start.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="version">The version it was moved away from: later runs, which may have begun already, go on.</param>
    public void Revoke(long jobId, DateTime version)
    {
        foreach (var job in _held.Values)
        {
            if (job.Id != jobId || job.Version > version)
                continue;
            job.IsRevoked = true;
            job.Run?.Cancel(CancelCause.Revoked);
        }
    }

    /// <summary>The end of a job is stored, or it is not ours any more.</summary>
    public void LetGo(ClaimedJob job) => _held.TryRemove(job.QueueRowId, out _);

    /// <summary>A worker is free again.</summary>
    /// <param name="job">The job it has run.</param>
    /// <param name="ran">How long that took.</param>
    public void Free(ClaimedJob job, TimeSpan ran)
    {
        // Not exact where two end at once, and it need not be.
        _averageRun += (Math.Min(ran.TotalMilliseconds, 1000) - _averageRun) / 16;
        FreeWorker(job);
    }

    /// <summary>There may be jobs in the queues.</summary>
    public void Signal()
    {
        Interlocked.Increment(ref _signals);
        _backlog = true;
        Wake();
    }

    /// <summary>A number to give to <see cref="NothingWaits"/>.</summary>
    public long Signals => Volatile.Read(ref _signals);

    /// <summary>The queues were found empty, unless a signal has come since.</summary>
    public void NothingWaits(long signals)
    {
        _backlog = false;
        if (Signals != signals)
            Signal();
    }

    /// <summary>Waits for a signal or a free worker, or for a time.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _wake.WaitAsync(cancellationToken);

    /// <summary>How many jobs of a queue may be taken now.</summary>
    public int FreeFor(string queue)
    {
        var load = _queues[queue];
        var free = Room(Volatile.Read(ref _taken));
        return Math.Max(0, Math.Min(free, load.Limit - Volatile.Read(ref load.Taken)));
    }

    /// <summary>Whether a queue is paused.</summary>
    public bool IsPaused(string queue) => _paused.Contains(queue);

    /// <summary>Which queues are paused now.</summary>
    public void SetPaused(IReadOnlySet<string> paused)
    {
        var isResumed = _paused.Any(name => !paused.Contains(name));
        _paused = paused;
        if (isResumed)
            Signal();
    }

    /// <summary>Forgets promises that are too old to be kept.</summary>
    public void ForgetOldPromises()
    {
        _olderPromises = _promises;
        Volatile.Write(ref _promises, new Promises());
    }

    /// <summary>
    /// How many more jobs may be taken. A worker for each; and while jobs take next to no time, as many more as the
    /// workers get through in a moment, so that they do not wait for the next commit.
    /// </summary>
    private int Room(int taken)
    {
        var ahead = (int)Math.Min(MostAhead, LongestWait.TotalMilliseconds * _capacity / Math.Max(_averageRun, 0.001));
        return _capacity + ahead - taken;
    }

    private void TakeWorker(ClaimedJob job)
    {
        Interlocked.Increment(ref _taken);
        if (_queues.TryGetValue(job.Queue, out var load))
            Interlocked.Increment(ref load.Taken);
        _ready.Writer.TryWrite(job);
    }

    private void FreeWorker(ClaimedJob job)
    {
        Interlocked.Decrement(ref _taken);
        if (_queues.TryGetValue(job.Queue, out var load))
            Interlocked.Decrement(ref load.Taken);
        if (_backlog)
            Wake();
    }

    private void NoLongerAside()
    {
        if (Interlocked.Decrement(ref _aside) == 0 && Volatile.Read(ref _completing) == 1)
            _ready.Writer.TryComplete();
    }

    private void Wake()
    {
        if (_wake.CurrentCount > 0)
            return;
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else was faster; one wake-up is enough.
        }
    }

    private sealed class Promises
    {
        public int Count;
    }

    private sealed class QueueLoad(int limit)
    {
        public int Taken;

        public int Limit { get; } = limit;
    }
}

/// <summary>Under which ids a server writes itself into its jobs.</summary>
/// <param name="ServerId">Machine, process and a unique part.</param>
/// <param name="WorkerId">Who runs jobs that have never run before.</param>
internal sealed record ServerIdentity(string ServerId, string WorkerId)
{
    public static ServerIdentity Create(TimeProvider clock) => new(
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Environment.MachineName.ToLowerInvariant()}:{Environment.ProcessId}:{Guid.CreateVersion7(clock.GetUtcNow())}"),
        NewWorkerId(clock));

    /// <summary>A fresh id for whoever runs a job; taking a job over must change it.</summary>
    public static string NewWorkerId(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow()).ToString();
}
