using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Data;

/// <summary>Removes documents whose time is over, now and then.</summary>
internal sealed partial class DocumentSweeper(DocumentStore store, IOptions<DataOptions> options, TimeProvider clock, ILogger<DocumentSweeper> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await store.SweepAsync(stoppingToken);
            }
            catch (StorageUnavailableException e)
            {
                // Nothing is lost by sweeping later: what is over is not seen any more anyway.
                LogSweepFailed(e);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not remove documents whose time is over; trying again later")]
    private partial void LogSweepFailed(Exception exception);
}
