using System.Threading.Channels;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Automation.Storage.Postgres;

/// <summary>
/// Several committers on PostgreSQL. Each takes what waits and sends it as one batch in one transaction: one round
/// trip, one sync. Where a unit of a shared transaction fails, all are taken back and each is committed by itself, so
/// that one bad unit fails alone.
/// </summary>
internal sealed partial class PostgresUnitWriter(string connectionString, StorageOptions options, TimeProvider clock, ILogger logger) : IUnitWriter
{
    /// <summary>How often a unit is tried that other transactions get in the way of.</summary>
    private const int MaxTries = 10;

    /// <summary>The same for units that share a transaction, before each is tried by itself.</summary>
    private const int MaxTriesTogether = 3;

    private readonly NpgsqlDataSource _source = OpenSource(connectionString);

    private readonly Channel<PendingUnit> _waiting = Channel.CreateBounded<PendingUnit>(options.MaxWaitingUnits);
    private Task[] _committers = [];

    public void Start() => _committers = [.. Enumerable.Range(0, options.PostgresCommitters).Select(_ => Task.Run(RunAsync))];

    public bool TryAccept(PendingUnit unit) => _waiting.Writer.TryWrite(unit);

    public ValueTask AcceptAsync(PendingUnit unit, CancellationToken cancellationToken) => _waiting.Writer.WriteAsync(unit, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await Task.WhenAll(_committers);
        await _source.DisposeAsync();
    }

    /// <summary>
    /// Connections of the committers' own, never reset between two commits. Units find their rows by index: a plan that
    /// was made and kept while a table was small must not read the whole of it when it has grown.
    /// </summary>
    private static NpgsqlDataSource OpenSource(string connectionString)
    {
        const string plan = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
        var builder = new NpgsqlDataSourceBuilder(connectionString);
        builder.ConnectionStringBuilder.NoResetOnClose = true;
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(plan, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(plan, connection);
                await command.ExecuteNonQueryAsync();
            });
        return builder.Build();
    }

    private async Task RunAsync()
    {
        // Small enough that several committers share a burst, large enough to share a sync.
        var most = Math.Min(options.MaxUnitsPerCommit, 128);
        var batch = new List<PendingUnit>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (batch.Count < most && _waiting.Reader.TryRead(out var unit))
                batch.Add(unit);
            await CommitBatchAsync(batch);
            batch.Clear();
        }
    }

    private async Task CommitBatchAsync(List<PendingUnit> batch)
    {
        if (batch.Count > 1)
        {
            switch (await TryCommitAsync(batch))
            {
                case null:
                    foreach (var pending in batch)
                        pending.Succeed();
                    return;
                // The server is away: asking it once per unit would only make every caller wait for the same answer.
                case StorageUnavailableException unavailable:
                    LogCommitFailed(unavailable);
                    foreach (var pending in batch)
                        pending.Fail(unavailable);
                    return;
            }
        }

        var one = new List<PendingUnit>(1);
        foreach (var pending in batch)
        {
            one.Clear();
            one.Add(pending);
            if (await TryCommitAsync(one) is { } failure)
                pending.Fail(failure);
            else
                pending.Succeed();
        }
    }

    /// <summary>Commits units together.</summary>
    /// <returns>Null, or why nothing of them is stored.</returns>
    private async Task<Exception?> TryCommitAsync(List<PendingUnit> units)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CommitAsync(units);
                return null;
            }
            catch (Exception e) when (e is WriteConflictException or StorageException)
            {
                return e;
            }
            catch (PostgresException e) when (e.SqlState.StartsWith("23", StringComparison.Ordinal))
            {
                return new WriteConflictException(StatementOf(units, e), e.MessageText, e);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure)
            {
                if (attempt == (units.Count == 1 ? MaxTries : MaxTriesTogether))
                    return units.Count == 1 ? new StorageUnavailableException("Other transactions got in the way again and again: " + e.MessageText, e) : e;
                // Not all in step, or they would meet again.
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(5, 5 + (10 * attempt))), clock);
            }
            catch (PostgresException e) when (!e.IsTransient && e.SqlState[0] is '2' or '4')
            {
                return new StorageException($"PostgreSQL refused a statement: {e.MessageText}", e);
            }
            catch (PostgresException e) when (units.Count > 1 && !IsServerWide(e))
            {
                return e;
            }
            catch (Exception e)
            {
                if (units.Count == 1)
                    LogCommitFailed(e);
                return new StorageUnavailableException("The database did not take the commit: " + e.Message, e);
            }
        }
    }

    /// <summary>Whether every unit would get this answer: the server stops or starts, or has no room left.</summary>
    private static bool IsServerWide(PostgresException e) => e.SqlState[..2] is "08" or "53" or "58" || e.SqlState.StartsWith("57P", StringComparison.Ordinal);

    private async Task CommitAsync(List<PendingUnit> units)
    {
        await using var connection = await _source.OpenConnectionAsync();
        if (!units.Exists(NeedsLook))
        {
            // A batch is a transaction of its own. Nothing of it has to be looked at first, so the commit rides along.
            await using var all = new NpgsqlBatch(connection);
            AddTo(all, units);
            await all.ExecuteNonQueryAsync();
            Check(units, all);
            return;
        }

        await using var transaction = await connection.BeginTransactionAsync();
        await using var batch = new NpgsqlBatch(connection, transaction);
        AddTo(batch, units);
        await using (var reader = await batch.ExecuteReaderAsync())
            await ReadResultsAsync(units, reader);
        Check(units, batch);
        await transaction.CommitAsync();
    }

    /// <summary>Whether a unit has a guard or a query, whose outcome decides before the commit.</summary>
    private static bool NeedsLook(PendingUnit pending)
    {
        foreach (ref readonly var command in pending.Unit.Commands)
        {
            if (command.Expected >= 0 || command.Rows is not null)
                return true;
        }

        return pending.Unit.Count == 0;
    }

    private static void AddTo(NpgsqlBatch batch, List<PendingUnit> units)
    {
        var sums = new CommitSums();
        foreach (var pending in units)
        {
            sums.Add(pending.Unit);
            foreach (ref readonly var command in pending.Unit.Commands)
                batch.BatchCommands.Add(ToBatchCommand(command.Statement, command.Values));
        }

        foreach (var (statement, values) in sums.All)
            batch.BatchCommands.Add(ToBatchCommand(statement, values));
    }

    private static async Task ReadResultsAsync(List<PendingUnit> units, NpgsqlDataReader reader)
    {
        // Only statements that return rows have a result set; they come in the order of the statements. One too many
        // or too few would hand a caller the rows of another, who has then committed and knows nothing of it.
        var sets = units.SelectMany(p => RowSetsOf(p.Unit)).ToList();
        var read = 0;
        do
        {
            if (reader.FieldCount == 0)
                continue;
            if (read == sets.Count)
                throw Unpaired();
            sets[read].Clear();
            while (await reader.ReadAsync())
                sets[read].Add(PostgresValues.ReadRow(reader));
            read++;
        }
        while (await reader.NextResultAsync());
        if (read != sets.Count)
            throw Unpaired();
    }

    private static StorageException Unpaired() =>
        new("A statement of the unit returns rows and was not added as a query, or the other way round; nothing is stored.");

    private static List<RowSet> RowSetsOf(WriteUnit unit)
    {
        var sets = new List<RowSet>();
        foreach (ref readonly var command in unit.Commands)
        {
            if (command.Rows is { } rows)
                sets.Add(rows);
        }

        return sets;
    }

    /// <summary>Holds what each statement changed against what it had to, and hands out the numbers that were asked for.</summary>
    private static void Check(List<PendingUnit> units, NpgsqlBatch batch)
    {
        var i = 0;
        foreach (var pending in units)
        {
            foreach (ref readonly var command in pending.Unit.Commands)
            {
                var changed = batch.BatchCommands[i++].RecordsAffected;
                if (command.Expected >= 0 && changed != command.Expected)
                    throw new WriteConflictException(command.Statement, $"{changed} rows changed instead of {command.Expected}");
                command.Changed?.Count = (int)changed;
            }
        }
    }

    private static SqlStatement StatementOf(List<PendingUnit> units, PostgresException e)
    {
        var failed = e.BatchCommand?.CommandText;
        foreach (var pending in units)
        {
            foreach (ref readonly var command in pending.Unit.Commands)
            {
                if (command.Statement.For(DatabaseProvider.PostgreSql) == failed)
                    return command.Statement;
            }
        }

        return new SqlStatement(failed ?? "");
    }

    private static NpgsqlBatchCommand ToBatchCommand(SqlStatement statement, SqlValue[] values)
    {
        var command = new NpgsqlBatchCommand(statement.For(DatabaseProvider.PostgreSql));
        foreach (var value in values)
            command.Parameters.Add(PostgresValues.ToParameter(value));
        return command;
    }

    [LoggerMessage(LogLevel.Error, "Commit failed; nothing of the unit is stored")]
    private partial void LogCommitFailed(Exception exception);
}
