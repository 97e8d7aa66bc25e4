using Automation.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Workflows.Management;

/// <summary>Takes over what other servers publish and retract; on SQLite there are none.</summary>
internal sealed partial class CatalogRefresher(Database database, WorkflowCatalog catalog, TimeProvider clock, ILogger<CatalogRefresher> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (database.Provider == DatabaseProvider.Sqlite)
            return;
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await catalog.RefreshIfChangedAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // The database may be away for a moment; what was in force stays so until it can be asked.
                LogFailed(e);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not ask which workflows are published")]
    private partial void LogFailed(Exception exception);
}
