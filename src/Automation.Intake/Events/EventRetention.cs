using Automation.Intake.Flow;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Events;

/// <summary>
/// Removes what is older than the log should hold, oldest first, a few hundred rows at a time so that nothing waits for
/// it. Events that are still to be routed are never removed.
/// </summary>
internal sealed partial class EventRetention(Database database, IOptions<IntakeOptions> options, TimeProvider clock, ILogger<EventRetention> logger) : BackgroundService
{
    private const int BatchSize = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private static readonly SqlStatement NewestToRemove = new("SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET $1");
    private static readonly SqlStatement EndOfBatch = new("SELECT max(id), count(*) FROM (SELECT id FROM events WHERE id <= $1 AND status NOT IN (0, 6) ORDER BY id LIMIT $2) AS batch");
    private static readonly SqlStatement RemoveStarts = new("DELETE FROM event_starts WHERE event_id <= $1 AND event_id NOT IN (SELECT id FROM events WHERE status IN (0, 6) AND id <= $1)");
    private static readonly SqlStatement RemoveReplies = new("DELETE FROM event_replies WHERE event_id <= $1 AND event_id NOT IN (SELECT id FROM events WHERE status IN (0, 6) AND id <= $1)");
    private static readonly SqlStatement Remove = new("DELETE FROM events WHERE id <= $1 AND status NOT IN (0, 6)");

    // Longer than any limit counts back; what waits or runs is kept however old it is.
    private static readonly SqlStatement RemoveFlow = new(
        "DELETE FROM flow_items WHERE event_id <= $1 AND event_id <= $2 AND state NOT IN (0, 1) AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = flow_items.event_id)");

    private static readonly SqlStatement RemoveFlowKeys = new(
        "DELETE FROM flow_keys WHERE updated_at < $1 AND next_at IS NULL "
        + "AND NOT EXISTS (SELECT 1 FROM flow_items i WHERE i.rule_id = flow_keys.rule_id AND i.flow_key = flow_keys.flow_key AND i.state IN (0, 1))");

    /// <summary>The whole log is looked through for its size.</summary>
    private static readonly TimeSpan SizeInterval = TimeSpan.FromMinutes(10);

    private static readonly SqlStatement NewestBeyondSize = new(
        "SELECT id FROM (SELECT id, sum(length(body) + length(headers)) OVER (ORDER BY id DESC) AS total FROM events) AS sizes WHERE total > $1 ORDER BY id DESC LIMIT 1");

    private DateTimeOffset _keysRemovedAt;
    private DateTimeOffset _sizedAt;

    /// <summary>Looks once and removes what is due.</summary>
    /// <returns>How many rows were removed.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var removed = 0;
        if (options.Value.RetentionAge is { } age)
            removed += await RemoveAsync(EventIds.At(clock.GetUtcNow() - age), cancellationToken);
        if (options.Value.RetentionCount is { } count)
        {
            var rows = await database.QueryAsync(NewestToRemove, cancellationToken, count);
            if (rows.Count > 0)
                removed += await RemoveAsync(rows.Rows[0][0].AsText!, cancellationToken);
        }

        if (options.Value.RetentionBytes is { } bytes && clock.GetUtcNow() - _sizedAt >= SizeInterval)
        {
            _sizedAt = clock.GetUtcNow();
            var rows = await database.QueryAsync(NewestBeyondSize, cancellationToken, bytes);
            if (rows.Count > 0)
                removed += await RemoveAsync(rows.Rows[0][0].AsText!, cancellationToken);
        }

        return removed;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(stoppingToken))
                    return;
                if (await RunOnceAsync(stoppingToken) is > 0 and var removed)
                    LogRemoved(removed);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(e);
            }
        }
    }

    private async Task<int> RemoveAsync(string newest, CancellationToken cancellationToken)
    {
        var removed = 0;
        while (true)
        {
            var batch = await database.QueryAsync(EndOfBatch, cancellationToken, newest, BatchSize);
            if (batch.Rows[0][0].AsText is not { } end)
            {
                if (removed > 0)
                    await RemoveFlowAsync(newest, cancellationToken);
                return removed;
            }

            await database.CommitAsync(new WriteUnit().Add(RemoveStarts, end).Add(RemoveReplies, end).Add(Remove, end), cancellationToken: cancellationToken);
            removed += (int)batch.Rows[0][1].AsInteger;
        }
    }

    private async Task RemoveFlowAsync(string newest, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var uncounted = now - FlowDuration.Longest - TimeSpan.FromHours(1);
        await database.CommitAsync(new WriteUnit().Add(RemoveFlow, newest, EventIds.At(uncounted)), cancellationToken: cancellationToken);
        // All keys are looked through for it, so not each time.
        if (now - _keysRemovedAt < TimeSpan.FromHours(1))
            return;
        _keysRemovedAt = now;
        await database.CommitAsync(new WriteUnit().Add(RemoveFlowKeys, SqlValue.Micros(uncounted)), cancellationToken: cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "{Events} events were older than the log holds and are removed")]
    private partial void LogRemoved(int events);

    [LoggerMessage(LogLevel.Warning, "Old events could not be removed; trying again in a minute")]
    private partial void LogFailed(Exception exception);
}
