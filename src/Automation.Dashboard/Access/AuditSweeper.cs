using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Dashboard.Access;

/// <summary>Removes entries of the audit log that are older than it is to be kept, once an hour.</summary>
internal sealed partial class AuditSweeper(AuditLog log, IOptions<AccessOptions> options, TimeProvider clock, ILogger<AuditSweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await SweepAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            await log.RemoveBeforeAsync(clock.GetUtcNow() - options.Value.AuditRetention, cancellationToken);
        }
        catch (StorageUnavailableException e)
        {
            // The next round tries again.
            LogFailed(e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Old entries of the audit log could not be removed")]
    private partial void LogFailed(Exception exception);
}
