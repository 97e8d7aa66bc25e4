using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Storage.Sqlite;

/// <summary>
/// Moves committed pages from the write-ahead log into the database file, beside the writer rather than inside a
/// commit. A passive checkpoint never blocks the writer; the log is reused from its start once all of it has moved. While
/// the writer commits without pause, some pages are always new: of a log that grows, the writer then moves the last few.
/// </summary>
internal sealed partial class SqliteCheckpointer(string file, SqliteUnitWriter writer, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    /// <summary>Pages in a log that is worth a few milliseconds of the writer: 64 MB. One that grows on costs new blocks of the disk, and a slower start after a crash.</summary>
    private const int LongLog = 16384;

    /// <summary>Moves what is committed and not read any more; blocks nobody.</summary>
    public static readonly SqlStatement Move = new("PRAGMA wal_checkpoint(PASSIVE)");

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
            var progress = new RowSet();
            session.Execute(Move, [], progress, out _);
            // One row: whether another checkpoint was in the way, the pages in the log when it began, and how many of them have
            // moved: all, unless somebody still reads an older state.
            if (progress.Rows is [[_, var pages, var moved]] && pages.AsInteger >= LongLog && moved.AsInteger == pages.AsInteger)
                writer.FinishCheckpoint();
        }
        catch (Exception e)
        {
            LogCheckpointFailed(e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Checkpoint failed; it is tried again")]
    private partial void LogCheckpointFailed(Exception exception);
}
