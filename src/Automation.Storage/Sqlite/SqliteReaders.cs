using System.Collections.Concurrent;
using Automation.Storage.Writes;
using Microsoft.Data.Sqlite;

namespace Automation.Storage.Sqlite;

/// <summary>A few read connections that keep their prepared statements, for reads on hot paths.</summary>
internal sealed class SqliteReaders(string file, StorageOptions options) : IDisposable
{
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private volatile bool _disposed;
    private int _reading;

    public RowSet Query(SqlStatement statement, ReadOnlySpan<SqlValue> values)
    {
        Interlocked.Increment(ref _reading);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return Read(statement, values);
        }
        finally
        {
            Interlocked.Decrement(ref _reading);
        }
    }

    /// <summary>Waits for who still reads; afterwards no file is open, and none is opened any more.</summary>
    public void Dispose()
    {
        _disposed = true;
        SpinWait.SpinUntil(() => Volatile.Read(ref _reading) == 0);
        while (_idle.TryTake(out var session))
            session.Dispose();
    }

    private RowSet Read(SqlStatement statement, ReadOnlySpan<SqlValue> values)
    {
        if (!_idle.TryTake(out var session))
            session = new SqliteSession(file, $"busy_timeout = {(int)options.BusyTimeout.TotalMilliseconds}", "query_only = 1", "mmap_size = 268435456");
        var rows = new RowSet();
        try
        {
            var code = session.Execute(statement, values, rows, out _);
            return code == SqliteSession.Done ? rows : throw new SqliteException($"{statement}: {session.ErrorMessage}", code);
        }
        finally
        {
            _idle.Add(session);
        }
    }
}
