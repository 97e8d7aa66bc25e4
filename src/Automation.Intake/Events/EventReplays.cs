using Automation.Intake.Mapping;
using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Microsoft.EntityFrameworkCore;

namespace Automation.Intake.Events;

/// <summary>How a bulk replay stands.</summary>
public enum ReplayState
{
    /// <summary>It goes on.</summary>
    Running,

    /// <summary>It came to its end.</summary>
    Finished,

    /// <summary>It was cancelled; what was replayed until then stays replayed.</summary>
    Cancelled,

    /// <summary>It failed; see <see cref="ReplayProgress.Problem"/>.</summary>
    Failed,
}

/// <summary>A bulk replay, as far as it has come.</summary>
/// <param name="Id">Its id.</param>
/// <param name="DryRun">Whether it only looks.</param>
/// <param name="State">How it stands.</param>
/// <param name="Total">Events that the filter finds.</param>
/// <param name="Done">Events looked at so far.</param>
/// <param name="Replayed">Events replayed, or that would be; those that no rule wants are passed over.</param>
/// <param name="Starts">How often each workflow is started, or would be.</param>
/// <param name="Problem">Why it failed.</param>
public sealed record ReplayProgress(
    string Id, bool DryRun, ReplayState State, int Total, int Done, int Replayed, IReadOnlyDictionary<string, int> Starts, string? Problem);

/// <summary>
/// Replays stored events by filter, in the order stored, by the rules now in force; a dry run says what would start.
/// Refused requests, repeated deliveries and earlier replays are left out. Runs live in memory and end with the server.
/// </summary>
public sealed class EventReplays : IAsyncDisposable
{
    private const int PageSize = 2000;
    private const int Remembered = 20;

    /// <summary>Copies on their way to the disk at the same time: they share commits, and keep their order.</summary>
    private const int AtOnce = 256;

    private readonly Database _database;
    private readonly EventStore _store;
    private readonly EventRouter _router;
    private readonly MappingStore _mappings;
    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly List<Run> _runs = [];

    internal EventReplays(Database database, EventStore store, EventRouter router, MappingStore mappings, TimeProvider clock)
    {
        _database = database;
        _store = store;
        _router = router;
        _mappings = mappings;
        _clock = clock;
    }

    /// <summary>The latest runs, newest first.</summary>
    public IReadOnlyList<ReplayProgress> All
    {
        get
        {
            lock (_lock)
                return [.. _runs.AsEnumerable().Reverse().Select(r => r.Progress)];
        }
    }

    /// <summary>Begins a run.</summary>
    /// <param name="filter">Which events.</param>
    /// <param name="dryRun">Whether it only looks.</param>
    /// <returns>Its id.</returns>
    public string Start(EventFilter filter, bool dryRun)
    {
        var run = new Run(Guid.CreateVersion7(_clock.GetUtcNow()).ToString(), dryRun);
        lock (_lock)
        {
            _runs.Add(run);
            if (_runs.Count > Remembered && _runs.FindIndex(r => r.Progress.State != ReplayState.Running) is >= 0 and var oldest)
                _runs.RemoveAt(oldest);
        }

        run.Task = Task.Run(() => RunAsync(run, filter));
        return run.Progress.Id;
    }

    /// <summary>How a run stands; null where there is none of that id.</summary>
    public ReplayProgress? Find(string id) => Get(id)?.Progress;

    /// <summary>Stops a run after the events that are on their way, and waits for that.</summary>
    /// <returns>How it stands then; null where there is none of that id.</returns>
    public async Task<ReplayProgress?> CancelAsync(string id)
    {
        if (Get(id) is not { } run)
            return null;
        await run.Stop.CancelAsync();
        await run.Task;
        return run.Progress;
    }

    /// <summary>Waits for a run's end.</summary>
    /// <returns>How it ended; null where there is none of that id.</returns>
    public async Task<ReplayProgress?> WaitAsync(string id, CancellationToken cancellationToken)
    {
        if (Get(id) is not { } run)
            return null;
        await run.Task.WaitAsync(cancellationToken);
        return run.Progress;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Run[] runs;
        lock (_lock)
            runs = [.. _runs];
        foreach (var run in runs)
        {
            await run.Stop.CancelAsync();
            await run.Task;
            run.Stop.Dispose();
        }
    }

    private Run? Get(string id)
    {
        lock (_lock)
            return _runs.Find(r => r.Progress.Id == id);
    }

    private async Task RunAsync(Run run, EventFilter filter)
    {
        var state = ReplayState.Finished;
        string? problem = null;
        try
        {
            await ReplayAsync(run, filter, run.Stop.Token);
        }
        catch (OperationCanceledException) when (run.Stop.IsCancellationRequested)
        {
            state = ReplayState.Cancelled;
        }
        catch (Exception e)
        {
            // The run's own end; whoever looks at it is told.
            (state, problem) = (ReplayState.Failed, e.Message);
        }

        run.Progress = run.Progress with { State = state, Problem = problem };
    }

    private async Task ReplayAsync(Run run, EventFilter filter, CancellationToken stopping)
    {
        await using var context = _database.CreateContext();
        var wanted = EventQueries.Where(context, filter).Where(e => e.Status != EventStatus.Rejected && e.Status != EventStatus.Duplicate && e.ReplayOf == null);
        run.Progress = run.Progress with { Total = await wanted.CountAsync(stopping) };

        // What is stored from now on, replays above all, is not part of the run.
        var end = EventIds.At(_clock.GetUtcNow().AddMilliseconds(1));
        var after = "";
        var copies = new Queue<Task>();
        try
        {
            while (true)
            {
                var page = await wanted.Where(e => string.Compare(e.Id, after) > 0 && string.Compare(e.Id, end) < 0).OrderBy(e => e.Id).Take(PageSize)
                    .Select(e => new { e.Id, e.Source, e.Type }).ToListAsync(stopping);
                foreach (var found in page)
                {
                    stopping.ThrowIfCancellationRequested();
                    await LookAsync(run, found.Id, found.Source, found.Type ?? "", copies, stopping);
                }

                if (page.Count < PageSize)
                    return;
                after = page[^1].Id;
            }
        }
        finally
        {
            await Task.WhenAll(copies);
        }
    }

    private async Task LookAsync(Run run, string id, string source, string type, Queue<Task> copies, CancellationToken stopping)
    {
        var rules = _mappings.Current.Candidates(source, type);
        IncomingEvent? original = null;
        if (rules.Length > 0 && (!run.Progress.DryRun || Array.Exists(rules, r => r.HasFilter)))
            original = await _router.FindAsync(id, stopping);
        if (original is not null && Array.Exists(rules, r => r.HasFilter))
        {
            var payload = new EventPayload(original);
            rules = [.. rules.Where(r => r.Judge(payload).Matches)];
        }

        run.Count(rules);
        if (rules.Length == 0 || run.Progress.DryRun || original is null)
            return;
        var copy = original with { Status = EventStatus.Received, ReplayOf = id };
        copies.Enqueue(AppendAsync(copy, stopping));
        if (copies.Count >= AtOnce)
            await copies.Dequeue();
    }

    private async Task AppendAsync(IncomingEvent copy, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await _store.AppendPlainAsync(copy, _router.Post, stopping, WhenFull.Wait);
                return;
            }
            catch (StorageUnavailableException) when (!stopping.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), _clock, stopping);
            }
        }
    }

    /// <summary>One run; written by its own task alone.</summary>
    private sealed class Run(string id, bool dryRun)
    {
        private readonly Dictionary<string, int> _starts = new(StringComparer.Ordinal);
        private volatile ReplayProgress _progress = new(id, dryRun, ReplayState.Running, 0, 0, 0, new Dictionary<string, int>(StringComparer.Ordinal), null);

        public CancellationTokenSource Stop { get; } = new();

        public Task Task { get; set; } = Task.CompletedTask;

        public ReplayProgress Progress
        {
            get => _progress;
            set => _progress = value;
        }

        public void Count(CompiledRule[] rules)
        {
            var starts = _progress.Starts;
            if (rules.Length > 0)
            {
                foreach (var rule in rules)
                    _starts[rule.Rule.Workflow] = _starts.GetValueOrDefault(rule.Rule.Workflow) + 1;
                starts = new Dictionary<string, int>(_starts, StringComparer.Ordinal);
            }

            _progress = _progress with { Done = _progress.Done + 1, Replayed = _progress.Replayed + (rules.Length > 0 ? 1 : 0), Starts = starts };
        }
    }
}
