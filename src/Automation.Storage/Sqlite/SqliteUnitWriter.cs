using System.Threading.Channels;
using Automation.Storage.Writes;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Automation.Storage.Sqlite;

/// <summary>
/// SQLite's one writer: a thread that takes whatever waits, applies it unit by unit, and commits once. One sync is so
/// shared by all callers that came while the last one ran.
/// </summary>
internal sealed partial class SqliteUnitWriter(string file, StorageOptions options, ILogger logger) : IUnitWriter
{
    private static readonly SqlStatement Begin = new("BEGIN IMMEDIATE");
    private static readonly SqlStatement Commit = new("COMMIT");
    private static readonly SqlStatement Rollback = new("ROLLBACK");
    private static readonly SqlStatement Savepoint = new("SAVEPOINT unit");
    private static readonly SqlStatement Release = new("RELEASE unit");
    private static readonly SqlStatement RollbackTo = new("ROLLBACK TO unit");

    /// <summary>Where one unit fails others may follow, and a shared transaction that is taken back costs all its units a second time.</summary>
    private const int GuardedAfterFailure = 32;

    private readonly Channel<PendingUnit> _waiting = Channel.CreateBounded<PendingUnit>(
        new BoundedChannelOptions(options.MaxWaitingUnits) { SingleReader = true });

    private readonly CommitSums _sums = new();
    private Thread? _thread;
    private volatile bool _finishCheckpoint;

    /// <summary>How many of the next commits put each unit under a savepoint.</summary>
    private int _guarded;

    public void Start()
    {
        var session = new SqliteSession(
            file,
            "journal_mode = WAL",
            "synchronous = FULL",
            $"busy_timeout = {(int)options.BusyTimeout.TotalMilliseconds}",
            "cache_size = -65536",
            "temp_store = MEMORY",
            // Checkpoints are left to the checkpointer, so that no commit pays for one; this bounds the file if it falls behind.
            "wal_autocheckpoint = 65536");
        _thread = new Thread(() => Run(session)) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    public bool TryAccept(PendingUnit unit) => _waiting.Writer.TryWrite(unit);

    public ValueTask AcceptAsync(PendingUnit unit, CancellationToken cancellationToken) => _waiting.Writer.WriteAsync(unit, cancellationToken);

    /// <summary>Moves what little is left in the write-ahead log after the next commit, so that the log starts anew.</summary>
    public void FinishCheckpoint() => _finishCheckpoint = true;

    /// <summary>Commits what waits, then ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        if (_thread is { } thread)
            await Task.Run(thread.Join);
    }

    private void Run(SqliteSession session)
    {
        using (session)
        {
            var batch = new List<PendingUnit>();
            var reader = _waiting.Reader;
            while (true)
            {
                while (batch.Count < options.MaxUnitsPerCommit && reader.TryRead(out var unit))
                    batch.Add(unit);
                if (batch.Count > 0)
                {
                    CommitBatch(session, batch);
                    batch.Clear();
                    if (_finishCheckpoint)
                        MoveRest(session);
                }
                else if (!reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                {
                    return;
                }
            }
        }
    }

    private void MoveRest(SqliteSession session)
    {
        _finishCheckpoint = false;
        try
        {
            session.Execute(SqliteCheckpointer.Move, [], null, out _);
        }
        catch (StorageException)
        {
            // Nothing is lost, and the thread must go on: the checkpointer tries again and says why it fails.
        }
    }

    private void CommitBatch(SqliteSession session, List<PendingUnit> batch)
    {
        try
        {
            if (_guarded > 0 || !ApplyTogether(session, batch))
                ApplyGuarded(session, batch);
            foreach (var (statement, values) in _sums.All)
                Step(session, statement, values);
            Step(session, Commit);
        }
        catch (Exception e)
        {
            // The transaction as a whole did not come through: nothing of any unit is stored.
            LogCommitFailed(e, batch.Count);
            TakeBack(session);
            foreach (var pending in batch)
                pending.Fail(e as StorageException ?? (Exception)new StorageUnavailableException("The database did not take the commit: " + e.Message, e));
            return;
        }

        foreach (var pending in batch)
        {
            if (pending.Failure is { } failure)
                pending.Fail(failure);
            else
                pending.Succeed();
        }
    }

    /// <summary>Applies all units without savepoints, each of which would cost a copy of every page that its unit touches.</summary>
    /// <returns>False where one of them must fail: nothing is done then, and they are to be applied with savepoints.</returns>
    private bool ApplyTogether(SqliteSession session, List<PendingUnit> batch)
    {
        _sums.Clear();
        Step(session, Begin);
        foreach (var pending in batch)
        {
            _sums.Add(pending.Unit);
            if (ApplyCommands(session, pending.Unit) is null)
                continue;
            Step(session, Rollback);
            _guarded = batch.Count > 1 ? GuardedAfterFailure : 1;
            return false;
        }

        return true;
    }

    /// <summary>Applies each unit under a savepoint; what it did is undone where it must fail.</summary>
    private void ApplyGuarded(SqliteSession session, List<PendingUnit> batch)
    {
        _guarded--;
        _sums.Clear();
        Step(session, Begin);
        foreach (var pending in batch)
        {
            Step(session, Savepoint);
            pending.Failure = ApplyCommands(session, pending.Unit);
            if (pending.Failure is null)
                _sums.Add(pending.Unit);
            else
                Step(session, RollbackTo);
            Step(session, Release);
        }
    }

    private static Exception? ApplyCommands(SqliteSession session, WriteUnit unit)
    {
        foreach (ref readonly var command in unit.Commands)
        {
            command.Rows?.Clear();
            int code, changes;
            try
            {
                code = session.Execute(command.Statement, command.Values, command.Rows, out changes);
            }
            catch (StorageException e)
            {
                return e;
            }

            command.Changed?.Count = changes;
            switch (code)
            {
                case SqliteSession.Done when command.Expected < 0 || command.Expected == changes:
                    continue;
                case SqliteSession.Done:
                    return new WriteConflictException(command.Statement, $"{changes} rows changed instead of {command.Expected}");
                case SqliteSession.Constraint:
                    return new WriteConflictException(command.Statement, session.ErrorMessage);
                default:
                    // A full disk, an I/O error, corruption: these may have ended the transaction, so all units fail together.
                    throw new SqliteException(session.ErrorMessage, code);
            }
        }

        return null;
    }

    private static void Step(SqliteSession session, SqlStatement statement, params ReadOnlySpan<SqlValue> values)
    {
        var code = session.Execute(statement, values, null, out _);
        if (code != SqliteSession.Done)
            throw new SqliteException($"{statement}: {session.ErrorMessage}", code);
    }

    private void TakeBack(SqliteSession session)
    {
        try
        {
            if (!session.InAutocommit)
                Step(session, Rollback);
        }
        catch (Exception e)
        {
            LogRollbackFailed(e);
        }
    }

    [LoggerMessage(LogLevel.Error, "Commit of {Units} units failed; nothing of them is stored")]
    private partial void LogCommitFailed(Exception exception, int units);

    [LoggerMessage(LogLevel.Error, "Rollback failed")]
    private partial void LogRollbackFailed(Exception exception);
}
