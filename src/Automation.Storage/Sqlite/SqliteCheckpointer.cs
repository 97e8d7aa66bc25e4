using Microsoft.Extensions.Logging;

namespace Automation.Storage.Sqlite;

/// <summary>
/// Moves committed pages from the write-ahead log into the database file, beside the writer rather than inside a
/// commit. A passive checkpoint never blocks the writer; the log is reused from its start once all of it has moved.
/// </summary>
internal sealed partial class SqliteCheckpointer(string file, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    /// <summary>Often, so that each is small: commits that come while the file is synced wait for the disk.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stopping = new();
    private Task? _loop;

    public void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (_loop is { } loop)
            await loop;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var session = new SqliteSession(file);
        using var timer = new PeriodicTimer(Interval, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
                Checkpoint(session);
        }
        catch (OperationCanceledException)
        {
            // Stopping. Closing the last connection moves what is left.
        }
    }

    private void Checkpoint(SqliteSession session)
    {
        try
        {
            session.ExecuteText("PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (Exception e)
        {
            LogCheckpointFailed(e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Checkpoint failed; it is tried again")]
    private partial void LogCheckpointFailed(Exception exception);
}
