using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Queries.Memory;

/// <summary>
/// Keeps what lists are about in memory while someone looks at long ones: read once, in the background, and brought up to date
/// before each answer by the instances that have changed since. Given up when nobody has asked for a while.
/// </summary>
/// <remarks>
/// Every change of an instance sets the time of its last burst, so those later than the last look, with some seconds for clocks
/// and commits, are read again. What leaves no such trace is told by <see cref="Touch"/>; where another server did it, a count
/// taken every few seconds differs, and all is read anew, as it is every ten minutes.
/// </remarks>
public sealed partial class InstancesInMemory : IAsyncDisposable
{
    /// <summary>How far the clocks of servers may differ, and how long a commit may take after the time that its rows have.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(15);

    /// <summary>More changes since the last look are not read one by one.</summary>
    private const int MostChanged = 30_000, MostTouched = 5_000;

    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Oldest = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan BetweenCounts = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenReads = TimeSpan.FromSeconds(30);

    private static readonly SqlStatement Count = new("SELECT count(*) FROM workflow_instances");
    private static readonly SqlStatement Changed = new($"SELECT {ListedInstance.Columns} FROM workflow_instances WHERE updated_at >= $1 LIMIT $2");
    private static readonly SqlStatement One = new($"SELECT {ListedInstance.Columns} FROM workflow_instances WHERE id = $1");

    // PostgreSQL may sort by a language, in which these columns cannot tell what comes first.
    private static readonly SqlStatement SortsByCode =
        new("SELECT 1", "SELECT CASE WHEN datcollate IN ('C', 'POSIX', 'C.UTF-8', 'C.utf8') THEN 1 ELSE 0 END FROM pg_database WHERE datname = current_database()");

    private readonly Database _database;
    private readonly int _most;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<string> _touched = new();
    private readonly ITimer _idle;
    private InstanceColumns? _columns;
    private DateTimeOffset _since, _counted, _read;
    private Task _reading = Task.CompletedTask;

    /// <summary>Holds nothing until it is asked.</summary>
    public InstancesInMemory(Database database, IOptions<WorkflowOptions> options, TimeProvider clock, ILogger<InstancesInMemory> logger)
    {
        (_database, _most, _clock, _logger) = (database, options.Value.InstancesInMemory, clock, logger);
        _idle = clock.CreateTimer(_ => _ = ForgetAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The database answers shorter lists at once.</summary>
    internal int Smallest { get; set; } = 50_000;

    /// <summary>Whether names are sorted by the codes of their characters; asked of the database if not told.</summary>
    internal bool? NamesByCode { get; set; }

    /// <summary>What is being read.</summary>
    internal Task Reading => _reading;

    /// <summary>Instances of which something changed without their time, or that are gone.</summary>
    internal void Touch(params IEnumerable<string> ids)
    {
        if (_columns is null && _reading.IsCompleted)
            return;
        foreach (var id in ids)
        {
            if (_touched.Count <= MostTouched)
                _touched.Enqueue(id);
        }
    }

    /// <summary>Ids of one page and how many match; null while the instances are not in memory, or where the filter is about more than is kept.</summary>
    internal async Task<(List<string> Ids, long Total)?> FindAsync(InstanceFilter filter, Func<Task<IReadOnlyCollection<string>>> definitionsOfTerm, CancellationToken cancellationToken)
    {
        if (!InstanceFinder.Answers(filter))
            return null;
        Prepare();
        if (_columns is null)
            return null;
        var definitions = await definitionsOfTerm();
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_columns is null || !await RefreshAsync(_columns, cancellationToken))
            {
                _columns = null;
                return null;
            }

            _idle.Change(Idle, Timeout.InfiniteTimeSpan);
            if (filter.OrderBy == InstanceOrder.Name && NamesByCode == false && _columns.Ranked < _columns.Rows)
            {
                Read();
                return null;
            }

            return InstanceFinder.Find(_columns, filter, definitions);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Begins to read the instances, unless they are there, being read, or were read just now.</summary>
    internal void Prepare()
    {
        if (_columns is null)
            Read();
    }

    private void Read()
    {
        lock (_touched)
        {
            if (_most == 0 || !_reading.IsCompleted || _clock.GetUtcNow() - _read < BetweenReads)
                return;
            _reading = Task.Run(async () =>
            {
                try
                {
                    await ReadAsync(_stopping.Token);
                }
                catch (OperationCanceledException)
                {
                    // The server stops.
                }
                catch (Exception e) when (e is DbException or StorageUnavailableException)
                {
                    LogFailed(e);
                }
            });
        }
    }

    /// <summary>Reads all instances, if they are not too few to be worth it and not too many.</summary>
    internal async Task ReadAsync(CancellationToken cancellationToken)
    {
        var since = _read = _clock.GetUtcNow();
        var began = _clock.GetTimestamp();
        if (_columns is null)
            _touched.Clear();
        NamesByCode ??= (await _database.QueryAsync(SortsByCode, cancellationToken)).Rows[0][0].AsInteger == 1;
        var count = (await _database.QueryAsync(Count, cancellationToken)).Rows[0][0].AsInteger;
        var columns = count >= Smallest && count <= _most ? await ReadAsync((int)count, cancellationToken) : null;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // What was touched meanwhile waits to be looked at, as this was not in memory; of those before, once more does no harm.
            (_columns, _since, _counted) = (columns, since, _clock.GetUtcNow());
            _idle.Change(Idle, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _gate.Release();
        }

        if (columns is not null)
            LogRead(count, (long)_clock.GetElapsedTime(began).TotalMilliseconds);
    }

    private async Task<InstanceColumns> ReadAsync(int count, CancellationToken cancellationToken)
    {
        var columns = new InstanceColumns(count + (count / 8));
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        // Both readings see the same; on SQLite there is one, and a transaction of this kind would keep others from writing.
        await using var transaction = _database.Provider == DatabaseProvider.PostgreSql ? await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken) : null;
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"SELECT {ListedInstance.Columns} FROM workflow_instances";
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                columns.Set(new ListedInstance(
                    reader.GetString(0), reader.GetString(1), (WorkflowSubStatus)reader.GetInt32(2), reader.GetBoolean(3), reader.GetInt32(4) > 0,
                    reader.IsDBNull(5) ? null : reader.GetString(5), reader.IsDBNull(6) ? null : reader.GetString(6),
                    reader.GetInt64(7), reader.GetInt64(8), reader.IsDBNull(9) ? null : reader.GetInt64(9)));
            }
        }

        if (NamesByCode == true)
        {
            columns.RankNames();
            return columns;
        }

        command.CommandText = "SELECT id FROM workflow_instances ORDER BY name NULLS FIRST, id";
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            var ids = new List<string>(columns.Rows);
            while (await reader.ReadAsync(cancellationToken))
                ids.Add(reader.GetString(0));
            columns.RankNames(ids);
        }

        return columns;
    }

    /// <summary>Brings the columns up to date; false where too much has changed.</summary>
    private async Task<bool> RefreshAsync(InstanceColumns columns, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var changed = await _database.QueryAsync(Changed, cancellationToken, SqlValue.Micros(_since - Slack), MostChanged);
        if (changed.Count == MostChanged || _touched.Count > MostTouched)
            return false;
        foreach (var row in changed.Rows)
            columns.Set(InstanceOf(row));
        _since = now;
        for (var waiting = _touched.Count; waiting > 0 && _touched.TryDequeue(out var id); waiting--)
        {
            if ((await _database.QueryAsync(One, cancellationToken, id)).Rows is [var row, ..])
                columns.Set(InstanceOf(row));
            else
                columns.Remove(id);
            // What is being read may not have seen it.
            if (!_reading.IsCompleted)
                _touched.Enqueue(id);
        }

        if (now - _counted > BetweenCounts)
        {
            _counted = now;
            // Instances may come between the two readings, but they do not go untold unless another server deleted them.
            if ((await _database.QueryAsync(Count, cancellationToken)).Rows[0][0].AsInteger < columns.Count || columns.Rows > columns.Count * 2 || now - _read > Oldest)
                Read();
        }

        return true;
    }

    private static ListedInstance InstanceOf(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, (WorkflowSubStatus)row[2].AsInteger, row[3].AsBoolean, row[4].AsInteger > 0, row[5].AsText, row[6].AsText,
        row[7].AsInteger, row[8].AsInteger, row[9].IsNull ? null : row[9].AsInteger);

    private async Task ForgetAsync()
    {
        await _gate.WaitAsync();
        _columns = null;
        _gate.Release();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading;
        await _idle.DisposeAsync();
        _stopping.Dispose();
    }

    [LoggerMessage(LogLevel.Information, "Read {Instances} instances into memory in {Milliseconds} ms, for lists")]
    private partial void LogRead(long instances, long milliseconds);

    [LoggerMessage(LogLevel.Warning, "Could not read the instances into memory; lists are answered by the database")]
    private partial void LogFailed(Exception exception);
}
