using System.Security.Cryptography;
using System.Text;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Microsoft.Extensions.Logging;

namespace Automation.Workflows.Runtime;

public sealed partial class WorkflowRuntime
{
    /// <summary>Instances that one stimulus resumes at the same time: enough to share commits, few enough to leave room for others.</summary>
    private const int ResumesAtOnce = 32;

    // Until when a kept stimulus may exist that this process knows of, in microseconds; spares a look after each commit.
    private long _keptUntil;

    /// <summary>
    /// Starts an instance for each trigger and resumes each bookmark that waits for the stimulus. What it starts is not
    /// resumed by it.
    /// </summary>
    /// <param name="request">The stimulus.</param>
    /// <param name="cancellationToken">Stops between two instances.</param>
    public async Task<StimulusResult> SendStimulusAsync(StimulusRequest request, CancellationToken cancellationToken = default)
    {
        var began = SqlValue.ToMicros(_clock.GetUtcNow());
        var started = new List<InstanceSnapshot>();
        var resumed = new List<InstanceSnapshot>();
        var refused = new List<string>();
        var responses = new List<WorkflowEffect>();
        var companion = request.Companion;

        // Looked up before anything starts, so that what starts now is not resumed by what started it.
        var bookmarks = await MatchAsync(request, after: null, began, cancellationToken);
        if (!request.ResumeOnly && request.InstanceId is null && request.ActivityInstanceId is null)
        {
            foreach (var trigger in _catalog.FindTriggers(request.Hash))
            {
                var result = await StartAsync(ToStart(request, trigger, companion), cancellationToken);
                if (result.Started)
                {
                    companion = null;
                    started.Add(result.Instance!);
                    responses.AddRange(result.Responses);
                }
                else if (result.CannotStart == CannotStart.InstanceExists)
                {
                    started.Add(result.Instance!);
                }
                else
                {
                    refused.Add(trigger.DefinitionId);
                    LogNotStarted(trigger.DefinitionId, request.Name, result.Reason);
                }
            }
        }

        while (bookmarks.Count > 0)
        {
            var first = 0;
            // The companion's rows belong to one commit: instances are resumed singly until one has taken them.
            for (; companion is not null && first < bookmarks.Count; first++)
            {
                if (await ResumeOneAsync(bookmarks[first], companion, cancellationToken))
                    companion = null;
            }

            await Parallel.ForEachAsync(
                bookmarks.Skip(first),
                new ParallelOptions { MaxDegreeOfParallelism = ResumesAtOnce, CancellationToken = cancellationToken },
                async (bookmark, ct) => await ResumeOneAsync(bookmark, null, ct));
            bookmarks = bookmarks.Count < InstanceSql.Page ? [] : await MatchAsync(request, bookmarks[^1], began, cancellationToken);
        }

        var kept = started.Count + resumed.Count + refused.Count == 0 && request.KeepWhenUnmatched && await KeepAsync(request, resumed, cancellationToken);
        return new StimulusResult(started, resumed, refused, kept) { Responses = responses };

        async Task<bool> ResumeOneAsync(string bookmarkId, Action<WriteUnit>? rows, CancellationToken ct)
        {
            var stimulus = new Stimulus.Resume(bookmarkId, request.Payload) { Input = request.Input, CanRespond = request.CanRespond };
            var result = await ResumeAsync(stimulus, rows is null ? CommitExtras.None : new CommitExtras { Companion = rows }, ct);
            if (!result.Resumed)
                return false;
            lock (resumed)
            {
                resumed.Add(result.Instance!);
                responses.AddRange(result.Responses);
            }

            return true;
        }
    }

    /// <summary>Publishes an event: to workflows that start with it, and to instances that wait for it.</summary>
    /// <param name="eventName">Its name; matched exactly.</param>
    /// <param name="payload">What it carries; a plain value.</param>
    /// <param name="correlationId">Only waiting instances with this correlation id; null for all.</param>
    /// <param name="instanceId">Only this instance; null for all.</param>
    /// <param name="cancellationToken">Stops between two instances.</param>
    public Task<StimulusResult> PublishEventAsync(
        string eventName, object? payload = null, string? correlationId = null, string? instanceId = null, CancellationToken cancellationToken = default) =>
        SendStimulusAsync(
            new StimulusRequest(StimulusNames.Event, StimulusHash.Event(eventName))
            {
                Payload = payload,
                CorrelationId = correlationId,
                InstanceId = instanceId,
                KeepWhenUnmatched = true,
            },
            cancellationToken);

    /// <summary>Completes a task that a workflow has asked for.</summary>
    /// <param name="taskId">The task.</param>
    /// <param name="result">What it gave; a plain value.</param>
    /// <param name="cancellationToken">Stops the burst between two activities.</param>
    /// <returns>False where nobody waits for the task (any more).</returns>
    public async Task<bool> CompleteTaskAsync(string taskId, object? result, CancellationToken cancellationToken = default) =>
        (await SendStimulusAsync(
            new StimulusRequest(StimulusNames.RunTask, StimulusHash.Task(taskId)) { Payload = result, ResumeOnly = true }, cancellationToken)).Matched;

    private static StartWorkflowRequest ToStart(StimulusRequest request, IndexedTrigger trigger, Action<WriteUnit>? companion) => new()
    {
        DefinitionId = trigger.DefinitionId,
        DefinitionVersionId = trigger.DefinitionVersionId,
        InstanceId = request.IdempotencyKey is { } key ? DerivedId(key, trigger.Id) : null,
        CorrelationId = request.CorrelationId,
        Input = request.Input,
        TriggerActivityId = trigger.ActivityId,
        TriggerPayload = request.Payload,
        IsTriggered = true,
        CanRespond = request.CanRespond,
        Companion = companion,
    };

    /// <summary>An id that is the same whenever it is made from the same parts.</summary>
    internal static string DerivedId(string key, string part) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{key}|{part}")).AsSpan(0, 16));

    private async Task<List<string>> MatchAsync(StimulusRequest request, string? after, long before, CancellationToken cancellationToken)
    {
        var ids = new List<string>();
        while (true)
        {
            // A million may wait for the same event: whoever is meant by correlation or instance is found without reading the others.
            var hash = InstanceSql.Key(request.Hash);
            var rows = request.InstanceId is { } instance ? await _database.QueryAsync(InstanceSql.BookmarksWithin, cancellationToken, hash, instance, after ?? "")
                : request.CorrelationId is { } correlation ? await _database.QueryAsync(InstanceSql.BookmarksByCorrelation, cancellationToken, hash, correlation, after ?? "")
                : after is null ? await _database.QueryAsync(InstanceSql.BookmarksByHash, cancellationToken, hash)
                : await _database.QueryAsync(InstanceSql.BookmarksAfter, cancellationToken, hash, after);
            foreach (var row in rows.Rows)
            {
                if ((request.CorrelationId is null || row[5].AsText == request.CorrelationId)
                    && (request.InstanceId is null || row[1].AsText == request.InstanceId)
                    && (request.ActivityInstanceId is null || ActivityInstanceId.Of(row[1].AsText!, row[4].AsInteger) == request.ActivityInstanceId)
                    && row[9].AsInteger <= before)
                {
                    ids.Add(row[0].AsText!);
                }
            }

            if (rows.Count < InstanceSql.Page || ids.Count >= InstanceSql.Page)
                return ids;
            after = rows.Rows[^1][0].AsText;
        }
    }

    /// <summary>Keeps a stimulus for a bookmark that may be about to be made.</summary>
    /// <returns>False where it was delivered after all.</returns>
    private async Task<bool> KeepAsync(StimulusRequest request, List<InstanceSnapshot> resumed, CancellationToken cancellationToken)
    {
        if (_options.StimulusTimeToLive <= TimeSpan.Zero)
            return false;
        var now = _clock.GetUtcNow();
        var until = SqlValue.ToMicros(now + _options.StimulusTimeToLive);
        var unit = new WriteUnit()
            .Add(InstanceSql.ExpireStimuli, SqlValue.Micros(now))
            .Add(InstanceSql.AddStimulus, WorkflowIds.New(_clock), request.Hash, request.Name, KeptStimulus.Write(request), SqlValue.Micros(now), until);
        // Told before the row exists: whoever commits a bookmark from now on looks for it.
        InterlockedMax(ref _keptUntil, until);
        await _database.CommitAsync(unit, cancellationToken: cancellationToken);
        // A bookmark committed just before the row is found here, one committed after it finds the row.
        resumed.AddRange(await DeliverKeptAsync(request.Hash, cancellationToken));
        return resumed.Count == 0;
    }

    private void DeliverKeptSoon(string hash)
    {
        // On SQLite this process is the only one that keeps stimuli; on PostgreSQL any server may have kept one.
        if (_database.Provider == DatabaseProvider.Sqlite && Volatile.Read(ref _keptUntil) <= SqlValue.ToMicros(_clock.GetUtcNow()))
            return;
        _ = Task.Run(async () =>
        {
            try
            {
                await DeliverKeptAsync(hash, CancellationToken.None);
            }
            catch (Exception e)
            {
                LogDeliveryFailed(e);
            }
        });
    }

    private async Task<List<InstanceSnapshot>> DeliverKeptAsync(string hash, CancellationToken cancellationToken)
    {
        var delivered = new List<InstanceSnapshot>();
        var kept = await _database.QueryAsync(InstanceSql.StimuliByHash, cancellationToken, hash, SqlValue.Micros(_clock.GetUtcNow()));
        foreach (var row in kept.Rows)
        {
            var id = row[0].AsText!;
            var request = KeptStimulus.Read(row[2].AsText!, hash, row[3].AsText!);
            foreach (var bookmark in await MatchAsync(request, after: null, long.MaxValue, cancellationToken))
            {
                try
                {
                    // Taken in the commit that it resumes, so that it is delivered once.
                    var result = await ResumeAsync(
                        new Stimulus.Resume(bookmark, request.Payload) { Input = request.Input, CanRespond = false },
                        new CommitExtras { Companion = unit => unit.AddExpectingOne(InstanceSql.TakeStimulus, id) }, cancellationToken);
                    if (!result.Resumed)
                        continue;
                    delivered.Add(result.Instance!);
                }
                catch (WriteConflictException e) when (e.Statement == InstanceSql.TakeStimulus)
                {
                    // Someone else has delivered it.
                }

                break;
            }
        }

        return delivered;
    }

    /// <summary>Reads how long kept stimuli may be waiting, once after the start.</summary>
    internal async Task LoadKeptAsync(CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(InstanceSql.LastExpiry, cancellationToken);
        if (rows.Count > 0 && !rows.Rows[0][0].IsNull)
            InterlockedMax(ref _keptUntil, rows.Rows[0][0].AsInteger);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        var seen = Volatile.Read(ref target);
        while (seen < value)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Workflow {DefinitionId} was not started by {Stimulus}: {Reason}")]
    private partial void LogNotStarted(string definitionId, string stimulus, string? reason);

    [LoggerMessage(LogLevel.Error, "Could not deliver a kept stimulus")]
    private partial void LogDeliveryFailed(Exception exception);
}

/// <summary>The stored form of a stimulus that nothing waited for yet.</summary>
internal static class KeptStimulus
{
    public static string Write(StimulusRequest request) => JsonValues.ToText(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["payload"] = request.Payload,
        ["input"] = request.Input,
        ["correlationId"] = request.CorrelationId,
        ["instanceId"] = request.InstanceId,
        ["activityInstanceId"] = request.ActivityInstanceId,
    });

    public static StimulusRequest Read(string name, string hash, string json)
    {
        var map = JsonValues.TryParse(json, out var value) && value is Dictionary<string, object?> read ? read : [];
        return new StimulusRequest(name, hash)
        {
            Payload = map.GetValueOrDefault("payload"),
            Input = map.GetValueOrDefault("input") as Dictionary<string, object?>,
            CorrelationId = map.GetValueOrDefault("correlationId") as string,
            InstanceId = map.GetValueOrDefault("instanceId") as string,
            ActivityInstanceId = map.GetValueOrDefault("activityInstanceId") as string,
        };
    }
}
