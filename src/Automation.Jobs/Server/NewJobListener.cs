using Automation.Jobs.Store;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Automation.Jobs.Server;

/// <summary>On PostgreSQL, wakes this server when another process has enqueued a job. One connection for all workers.</summary>
internal sealed partial class NewJobListener(JobStore store, LocalWorkers workers, TimeProvider clock, ILogger<NewJobListener> logger)
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogLost(e.Message);
                await Task.Delay(ReconnectDelay, clock, cancellationToken);
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        await using var connection = (NpgsqlConnection)await store.Database.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, _) => workers.Signal();
        await using (var listen = new NpgsqlCommand("LISTEN " + PostgresJobStore.Channel, connection))
            await listen.ExecuteNonQueryAsync(cancellationToken);
        // What came while nobody listened.
        workers.Signal();
        while (true)
            await connection.WaitAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Lost the connection that tells of new jobs ({Reason}); they are found by polling until it is back")]
    private partial void LogLost(string reason);
}
