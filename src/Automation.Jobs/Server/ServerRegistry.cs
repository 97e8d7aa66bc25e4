using System.Globalization;
using Automation.Jobs.Serialization;
using Automation.Jobs.Store;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>
/// Says that this server lives, and returns the jobs of servers that do not. Ours count a beat up; one whose beat has
/// stood still for four looks is dead, which needs no agreement between clocks. Nobody else can own a SQLite file, so
/// there every other server of ours is dead.
/// </summary>
internal sealed partial class ServerRegistry(JobStore store, LocalWorkers workers, JobOptions options, TimeProvider clock, ILogger<ServerRegistry> logger)
{
    private const int MissedBeats = 4;
    private static readonly TimeSpan RenewAfter = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Invisibility = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan MostSilence = TimeSpan.FromMinutes(5);

    private static readonly SqlStatement UpsertServer = new(
        """
        INSERT INTO "Server" ("Id", "Data", "LastHeartbeat") VALUES ($1, $2, $3)
        ON CONFLICT ("Id") DO UPDATE SET "Data" = excluded."Data", "LastHeartbeat" = excluded."LastHeartbeat"
        """,
        """
        INSERT INTO hangfire.server (id, data, lastheartbeat) VALUES ($1, $2::jsonb, $3)
        ON CONFLICT (id) DO UPDATE SET data = excluded.data, lastheartbeat = excluded.lastheartbeat
        """);

    private static readonly SqlStatement Touch = new(
        """UPDATE "Server" SET "LastHeartbeat" = $2 WHERE "Id" = $1""",
        "UPDATE hangfire.server SET lastheartbeat = $2 WHERE id = $1");

    private static readonly SqlStatement RemoveServer = new("""DELETE FROM "Server" WHERE "Id" = $1""", "DELETE FROM hangfire.server WHERE id = $1");
    private static readonly SqlStatement InsertBeat = new("INSERT INTO job_servers (id, beat) VALUES ($1, 0)");
    private static readonly SqlStatement Beat = new("UPDATE job_servers SET beat = beat + 1 WHERE id = $1");
    private static readonly SqlStatement RemoveBeat = new("DELETE FROM job_servers WHERE id = $1");
    private static readonly SqlStatement SelectBeats = new("SELECT id, beat FROM job_servers");
    private static readonly SqlStatement SelectPaused = new("SELECT name FROM job_queues");
    private static readonly SqlStatement SelectServers = new("""SELECT "Id" FROM "Server" """, "SELECT id FROM hangfire.server");

    // Genuine servers have no beat; each of them removes others that it has not heard of for five minutes, and so do we.
    private static readonly SqlStatement RemoveSilent = new(
        """DELETE FROM "Server" WHERE "LastHeartbeat" < $1 AND "Id" NOT IN (SELECT id FROM job_servers)""",
        "DELETE FROM hangfire.server WHERE lastheartbeat < $1 AND id NOT IN (SELECT id FROM job_servers)");

    private static readonly SqlStatement SelectFetched = new(
        """
        SELECT q."Id", q."JobId", q."FetchedAt", j."StateName",
            (SELECT s."Data" FROM "State" s WHERE s."JobId" = q."JobId" ORDER BY s."CreatedAt" DESC, s."Id" DESC LIMIT 1)
        FROM "JobQueue" q LEFT JOIN "Job" j ON j."Id" = q."JobId" WHERE q."FetchedAt" > 0
        """,
        """
        SELECT q.id, q.jobid, q.fetchedat, j.statename, s.data::text
        FROM hangfire.jobqueue q LEFT JOIN hangfire.job j ON j.id = q.jobid LEFT JOIN hangfire.state s ON s.id = j.stateid
        WHERE q.fetchedat IS NOT NULL
        """);

    private readonly Dictionary<string, (long Beat, int Looks)> _others = new(StringComparer.Ordinal);
    private ServerIdentity? _identity;
    private int _round;

    /// <summary>Writes this server into the list, and returns the jobs of those that are known to be gone.</summary>
    public async Task<ServerIdentity> AnnounceAsync(CancellationToken cancellationToken)
    {
        var identity = ServerIdentity.Create(clock);
        _identity = identity;
        if (store.Database.Provider == DatabaseProvider.Sqlite)
        {
            var beats = await store.Database.QueryAsync(SelectBeats, cancellationToken);
            await BuryAsync([.. beats.Rows.Select(r => r[0].AsText!)], cancellationToken);
        }

        await RegisterAsync(identity, cancellationToken);
        await ReadPausedAsync(cancellationToken);
        return identity;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.HeartbeatInterval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await BeatAsync(cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // The next beat comes soon, and must: four that are missed in a row mean that this server is dead.
                LogBeatFailed(e.Message);
            }
        }
    }

    /// <summary>Takes this server off the list; jobs that it could not stop return to their queues.</summary>
    public async Task LeaveAsync()
    {
        if (_identity is not { } identity)
            return;
        var unit = new WriteUnit();
        foreach (var job in workers.Held)
            store.AddRelease(unit, job.QueueRowId, job.FetchedAt);
        unit.Add(RemoveServer, identity.ServerId).Add(RemoveBeat, identity.ServerId);
        try
        {
            await store.Database.CommitAsync(unit);
        }
        catch (StorageUnavailableException e)
        {
            // Others see the beat stand still.
            LogNotRemoved(e.Message);
        }
    }

    /// <summary>One beat: says that this server lives, and looks after everything that needs a steady hand.</summary>
    internal async Task BeatAsync(CancellationToken cancellationToken)
    {
        workers.ForgetOldPromises();
        await SayAliveAsync(cancellationToken);
        await StoreNotesAsync(cancellationToken);
        await ReadPausedAsync(cancellationToken);
        await RenewAsync(cancellationToken);
        await BuryAsync(await FindDeadAsync(cancellationToken), cancellationToken);
        if (++_round % 15 == 0)
        {
            await store.Database.CommitAsync(new WriteUnit().Add(RemoveSilent, SqlValue.Timestamp(store.Now() - MostSilence)), cancellationToken: cancellationToken);
            await ReturnOrphansAsync([], cancellationToken);
        }
    }

    private async Task SayAliveAsync(CancellationToken cancellationToken)
    {
        var unit = new WriteUnit()
            .AddExpectingOne(Touch, _identity!.ServerId, SqlValue.Timestamp(store.Now()))
            .AddExpectingOne(Beat, _identity.ServerId);
        try
        {
            await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
        catch (WriteConflictException)
        {
            // Others took this server for dead (its machine slept, or its clock jumped) and returned its jobs. What
            // still runs here cannot commit any more; the server goes on under a new name.
            foreach (var job in workers.Held)
                job.Run?.Cancel(CancelCause.LeaseLost);
            var identity = ServerIdentity.Create(clock);
            LogReplaced(_identity.ServerId, identity.ServerId);
            _identity = identity;
            await RegisterAsync(identity, cancellationToken);
            workers.Rename(identity);
        }
    }

    private async Task RegisterAsync(ServerIdentity identity, CancellationToken cancellationToken)
    {
        store.ServerId = identity.ServerId;
        var now = store.Now();
        var data = JobJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("WorkerCount", options.WorkerCount);
            writer.WriteStartArray("Queues");
            foreach (var queue in options.ServedQueues)
                writer.WriteStringValue(queue);
            writer.WriteEndArray();
            writer.WriteString("StartedAt", now.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
            writer.WriteEndObject();
        });
        await store.Database.CommitAsync(
            new WriteUnit().Add(UpsertServer, identity.ServerId, data, SqlValue.Timestamp(now)).Add(InsertBeat, identity.ServerId),
            cancellationToken: cancellationToken);
    }

    private async Task ReadPausedAsync(CancellationToken cancellationToken)
    {
        var rows = await store.Database.QueryAsync(SelectPaused, cancellationToken);
        workers.SetPaused(rows.Rows.Select(r => r[0].AsText!).ToHashSet(StringComparer.Ordinal));
    }

    private async Task StoreNotesAsync(CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        var taken = new List<(JobRun Run, UnstoredNotes Notes)>();
        foreach (var job in workers.Held)
        {
            if (job.Run is { } run && run.AddNotes(unit) is { } notes)
                taken.Add((run, notes));
        }

        try
        {
            if (unit.Count > 0)
                await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
        catch
        {
            foreach (var (run, notes) in taken)
                run.PutBack(notes);
            throw;
        }
    }

    /// <summary>Genuine servers take a job over that was fetched half an hour ago; ours that run longer say so before.</summary>
    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var now = store.Now();
        foreach (var job in workers.Held)
        {
            if (now - job.FetchedAt < RenewAfter)
                continue;
            var unit = new WriteUnit();
            store.AddRenewal(unit, job.QueueRowId, job.FetchedAt, now);
            try
            {
                await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
                job.FetchedAt = now;
            }
            catch (WriteConflictException)
            {
                // Taken over or just ended; the cancellation check finds out which.
            }
        }
    }

    private async Task<List<string>> FindDeadAsync(CancellationToken cancellationToken)
    {
        var dead = new List<string>();
        var rows = await store.Database.QueryAsync(SelectBeats, cancellationToken);
        var present = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in rows.Rows)
        {
            var (id, beat) = (row[0].AsText!, row[1].AsInteger);
            present.Add(id);
            if (id == _identity!.ServerId)
                continue;
            var looks = _others.TryGetValue(id, out var last) && last.Beat == beat ? last.Looks + 1 : 0;
            _others[id] = (beat, looks);
            if (looks >= MissedBeats)
                dead.Add(id);
        }

        foreach (var gone in _others.Keys.Where(id => !present.Contains(id)).ToList())
            _others.Remove(gone);
        return dead;
    }

    private async Task BuryAsync(List<string> dead, CancellationToken cancellationToken)
    {
        if (dead.Count == 0)
            return;
        var unit = new WriteUnit();
        foreach (var id in dead)
        {
            unit.Add(RemoveServer, id).Add(RemoveBeat, id);
            JobLocks.AddRemovalOf(unit, id);
        }

        await ReturnOrphansAsync(dead, cancellationToken, unit);
    }

    /// <summary>Returns the jobs that servers hold which are dead, or on no list.</summary>
    private async Task ReturnOrphansAsync(List<string> dead, CancellationToken cancellationToken, WriteUnit? unit = null)
    {
        unit ??= new WriteUnit();
        var now = store.Now();
        var listed = (await store.Database.QueryAsync(SelectServers, cancellationToken)).Rows.Select(r => r[0].AsText!).ToHashSet(StringComparer.Ordinal);
        var returned = 0;
        var held = workers.Held.Select(j => j.QueueRowId).ToHashSet();
        foreach (var row in (await store.Database.QueryAsync(SelectFetched, cancellationToken)).Rows)
        {
            var fetchedAt = row[2].AsTimestamp;
            if (held.Contains(row[0].AsInteger))
                continue;
            var isProcessing = row[3].AsText == JobStates.Processing;
            var serverId = isProcessing ? JobJson.ReadStrings(row[4].AsText).GetValueOrDefault("ServerId") ?? "" : "";
            // A genuine worker writes the state a moment after it has fetched; one that is on no list gets a minute.
            var isOrphan = dead.Contains(serverId)
                || (isProcessing && !listed.Contains(serverId) && (now - fetchedAt)?.Duration() > TimeSpan.FromMinutes(1))
                || now - fetchedAt > Invisibility;
            if (!isOrphan)
                continue;
            store.AddRelease(unit, row[0].AsInteger, fetchedAt);
            returned++;
        }

        if (unit.Count == 0)
            return;
        await store.Database.CommitAsync(unit, cancellationToken: cancellationToken);
        if (returned > 0)
        {
            LogReturned(returned);
            workers.Signal();
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Jobs} jobs of a server that has gone are back in their queues")]
    private partial void LogReturned(int jobs);

    [LoggerMessage(LogLevel.Warning, "Job server {OldId} was taken for dead by others; going on as {NewId}")]
    private partial void LogReplaced(string oldId, string newId);

    [LoggerMessage(LogLevel.Warning, "A heartbeat failed: {Reason}")]
    private partial void LogBeatFailed(string reason);

    [LoggerMessage(LogLevel.Warning, "This server could not be taken off the list: {Reason}")]
    private partial void LogNotRemoved(string reason);
}
