using Automation.Storage;
using Automation.Workflows.Execution;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Workflows.Runtime;

/// <summary>Goes on with instances whose last commit left work and that nobody works on: the process that did has ended.</summary>
internal sealed partial class WorkflowRecovery(Database database, WorkflowRuntime runtime, TimeProvider clock, ILogger<WorkflowRecovery> logger) : BackgroundService
{
    /// <summary>On PostgreSQL another server may be at work between two commits; one that has not committed for so long is not.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await runtime.LoadKeptAsync(stoppingToken);
        if (database.Provider == DatabaseProvider.Sqlite)
        {
            // This process is the only one: whatever is in the middle of something now was left by the one before.
            await GuardedAsync(clock.GetUtcNow(), stoppingToken);
            return;
        }

        using var timer = new PeriodicTimer(Silence, clock);
        do
            await GuardedAsync(clock.GetUtcNow() - Silence, stoppingToken);
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>One round: every instance that was left before a moment goes on.</summary>
    /// <returns>How many went on.</returns>
    internal async Task<int> RecoverAsync(DateTimeOffset leftBefore, CancellationToken cancellationToken)
    {
        var recovered = 0;
        var after = "";
        while (true)
        {
            var rows = await database.QueryAsync(InstanceSql.Interrupted, cancellationToken, Automation.Storage.Writes.SqlValue.Micros(leftBefore), after);
            await Parallel.ForEachAsync(
                rows.Rows,
                new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellationToken },
                async (row, ct) =>
                {
                    if (await runtime.ApplyAsync(row[0].AsText!, new Stimulus.Continue(), ct) is not null)
                        Interlocked.Increment(ref recovered);
                });
            if (rows.Count < InstanceSql.Page)
                return recovered;
            after = rows.Rows[^1][0].AsText!;
        }
    }

    private async Task GuardedAsync(DateTimeOffset leftBefore, CancellationToken cancellationToken)
    {
        try
        {
            if (await RecoverAsync(leftBefore, cancellationToken) is > 0 and var count)
                LogRecovered(count);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogFailed(e);
        }
    }

    [LoggerMessage(LogLevel.Information, "Went on with {Count} workflow instances that were interrupted")]
    private partial void LogRecovered(int count);

    [LoggerMessage(LogLevel.Error, "Could not go on with interrupted workflow instances")]
    private partial void LogFailed(Exception exception);
}
