using System.Collections.Concurrent;
using Automation.Intake.Mapping;
using Automation.Intake.Routing;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Events;

/// <summary>
/// Replays stored events by filter, in the order stored, by the rules now in force; a dry run says what would start.
/// Refused requests, repeated deliveries, earlier replays and events that still wait are left out. A run outlives the
/// server: its progress commits together with the copies that it makes, so that each event is copied once.
/// </summary>
public sealed partial class EventReplays : BackgroundService
{
    /// <summary>Most events that are read at a time.</summary>
    private const int PageSize = 2000;

    /// <summary>The same where their bodies are read, too; copies of one page are one commit.</summary>
    private const int FullPageSize = 200;

    /// <summary>Bytes of bodies that a dry run reads at a time, about.</summary>
    private const double MostBytes = 16 * 1024 * 1024;

    /// <summary>How often a dry run stores how far it is.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(300);

    /// <summary>A run on PostgreSQL that has not come on for so long was left by a server that has ended.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly Database _database;
    private readonly ReplayStore _runs;
    private readonly EventStore _store;
    private readonly EventBacklog _backlog;
    private readonly MappingStore _mappings;
    private readonly TimeProvider _clock;
    private readonly ILogger<EventReplays> _logger;
    private readonly ConcurrentDictionary<string, Task> _here = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    internal EventReplays(Database database, ReplayStore runs, EventStore store, EventBacklog backlog, MappingStore mappings, TimeProvider clock, ILogger<EventReplays> logger)
    {
        _database = database;
        _runs = runs;
        _store = store;
        _backlog = backlog;
        _mappings = mappings;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>The latest runs, newest first.</summary>
    public async Task<IReadOnlyList<ReplayProgress>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _runs.LatestAsync(cancellationToken)).Select(r => r.ToProgress())];

    /// <summary>Begins a run.</summary>
    /// <param name="filter">Which events.</param>
    /// <param name="dryRun">Whether it only looks.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue.</param>
    /// <returns>Its id.</returns>
    public async Task<string> StartAsync(EventFilter filter, bool dryRun, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var id = Guid.CreateVersion7(now).ToString();
        await _runs.AddAsync(id, dryRun, filter, EventIds.At(now.AddMilliseconds(1)), cancellationToken);
        Take((await _runs.FindAsync(id, cancellationToken))!);
        return id;
    }

    /// <summary>How a run stands; null where there is none of that id.</summary>
    public async Task<ReplayProgress?> FindAsync(string id, CancellationToken cancellationToken) => (await _runs.FindAsync(id, cancellationToken))?.ToProgress();

    /// <summary>Stops a run. What was replayed until then stays replayed.</summary>
    /// <returns>How it stands then; null where there is none of that id.</returns>
    public async Task<ReplayProgress?> CancelAsync(string id, CancellationToken cancellationToken)
    {
        await _runs.EndAsync(id, ReplayState.Cancelled, null, cancellationToken);
        return await WaitAsync(id, cancellationToken);
    }

    /// <summary>Waits until this server works on a run no more.</summary>
    /// <returns>How it stands then; null where there is none of that id.</returns>
    public async Task<ReplayProgress?> WaitAsync(string id, CancellationToken cancellationToken)
    {
        if (_here.TryGetValue(id, out var work))
            await work.WaitAsync(cancellationToken);
        return await FindAsync(id, cancellationToken);
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_here.Values);
        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stopping.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // On SQLite this process is the only one: what runs was left by the one before. Elsewhere another may be at work.
        var alone = _database.Provider == DatabaseProvider.Sqlite;
        using var timer = new PeriodicTimer(Silence, _clock);
        try
        {
            do
            {
                try
                {
                    await GoOnAsync(alone ? DateTimeOffset.MaxValue : _clock.GetUtcNow() - Silence, stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogNotTaken(e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>Goes on with the runs that nobody has gone on with since a time.</summary>
    internal async Task GoOnAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        foreach (var run in await _runs.ClaimLeftAsync(since, cancellationToken))
            Take(run);
    }

    private void Take(ReplayRow run)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_here.TryAdd(run.Id, done.Task))
            return;
        _ = Task.Run(async () =>
        {
            await RunAsync(run);
            _here.TryRemove(run.Id, out _);
            done.SetResult();
        });
    }

    private async Task RunAsync(ReplayRow run)
    {
        try
        {
            await ReplayAsync(run, _stopping.Token);
            await _runs.EndAsync(run.Id, ReplayState.Finished, null, CancellationToken.None);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The next start goes on with it.
        }
        catch (WriteConflictException e) when (e.Statement == ReplayStore.Advance)
        {
            // Cancelled.
        }
        catch (Exception e)
        {
            // The run's own end; whoever looks at it is told.
            LogFailed(e, run.Id);
            try
            {
                await _runs.EndAsync(run.Id, ReplayState.Failed, e.Message, CancellationToken.None);
            }
            catch (StorageUnavailableException)
            {
                // It is gone on with once the database is back.
            }
        }
    }

    private async Task ReplayAsync(ReplayRow run, CancellationToken stopping)
    {
        await using var context = _database.CreateContext();
        var wanted = EventQueries.Where(context, run.Filter).Where(e => e.ReplayOf == null && string.Compare(e.Id, run.EndId) < 0
            && (e.Status == EventStatus.Routed || e.Status == EventStatus.Unmatched || e.Status == EventStatus.Failed || e.Status == EventStatus.Skipped));
        run.Total ??= await wanted.LongCountAsync(stopping);
        var (at, size, told, read) = (run.AfterId, FullPageSize, _clock.GetTimestamp(), 0);
        do
        {
            var after = at;
            var rest = wanted.Where(e => string.Compare(e.Id, after) > 0).OrderBy(e => e.Id);
            var rules = _mappings.Current;
            // Bodies are read only where they are copied or a rule looks into them, and then not too many bytes at a time.
            var page = run.DryRun && !rules.Rules.Any(r => r.HasFilter)
                ? await rest.Take(PageSize).Select(e => new Found(e.Id, e.Source, e.Type ?? "", null)).ToListAsync(stopping)
                : [.. (await rest.Take(size).ToListAsync(stopping)).Select(r => new Found(r.Id, r.Source, r.Type ?? "", EventProgress.Read(r)))];
            read = page.Count;
            if (read == 0)
                break;
            at = page[^1].Id;
            var copies = Look(run, rules, page, stopping);
            if (!run.DryRun)
            {
                await AdvanceAsync(run, at, copies, stopping);
                continue;
            }

            // What only looks need not store each step; a cancellation is noticed when it next does.
            size = (int)Math.Clamp(MostBytes / (1 + page.Average(f => f.Event?.BodySize ?? 0)), FullPageSize / 4, PageSize);
            if (_clock.GetElapsedTime(told) < Pace)
                continue;
            await AdvanceAsync(run, at, [], stopping);
            told = _clock.GetTimestamp();
        }
        while (read > 0);

        if (at != run.AfterId)
            await AdvanceAsync(run, at, [], stopping);
    }

    /// <summary>Judges events and counts what they start.</summary>
    /// <returns>The copies to make.</returns>
    private static List<IncomingEvent> Look(ReplayRow run, RuleSet rules, List<Found> page, CancellationToken stopping)
    {
        var workflows = new string[page.Count][];
        // Filters are judged on all processors; what is counted and copied keeps its order.
        Parallel.For(0, page.Count, new ParallelOptions { CancellationToken = stopping }, i => workflows[i] = Wanted(rules.Candidates(page[i].Source, page[i].Type), page[i].Event));
        var copies = new List<IncomingEvent>();
        for (var i = 0; i < page.Count; i++)
        {
            run.Count(page[i].Id, workflows[i]);
            if (!run.DryRun && workflows[i].Length > 0)
                copies.Add(page[i].Event! with { Status = EventStatus.Received, ReplayOf = page[i].Id, DedupeKey = null });
        }

        return copies;
    }

    /// <summary>The workflows of the rules that want an event.</summary>
    private static string[] Wanted(CompiledRule[] rules, IncomingEvent? incoming)
    {
        if (incoming is null || !Array.Exists(rules, r => r.HasFilter))
            return [.. rules.Where(r => !r.HasFilter).Select(r => r.Rule.Workflow)];
        var payload = new EventPayload(incoming);
        return [.. rules.Where(r => r.Judge(payload).Matches).Select(r => r.Rule.Workflow)];
    }

    /// <summary>Commits copies and the progress that they are, until the database takes it.</summary>
    private async Task AdvanceAsync(ReplayRow run, string afterId, List<IncomingEvent> copies, CancellationToken stopping)
    {
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            try
            {
                var unit = new WriteUnit();
                _runs.AddAdvance(unit, run, afterId);
                await _store.AppendCopiesAsync(unit, copies, _backlog.Post, stopping);
                run.AfterId = afterId;
                return;
            }
            catch (StorageUnavailableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), _clock, stopping);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "The replay {Replay} failed")]
    private partial void LogFailed(Exception exception, string replay);

    [LoggerMessage(LogLevel.Warning, "Replays that were left could not be gone on with; trying again")]
    private partial void LogNotTaken(Exception exception);

    private sealed record Found(string Id, string Source, string Type, IncomingEvent? Event);
}
