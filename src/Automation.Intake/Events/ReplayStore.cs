using System.Text.Json;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Intake.Events;

/// <summary>Bulk replays in the database. A run's progress and the copies that it is about are one commit.</summary>
internal sealed class ReplayStore(Database database, TimeProvider clock)
{
    private const string Columns = "id, state, dry_run, filter, after_id, end_id, total, done, replayed, starts, examples, problem, created_at, updated_at";

    /// <summary>Does not hold where the run has been cancelled, or another server goes on with it. $3 is where it stood.</summary>
    public static readonly SqlStatement Advance = new(
        "UPDATE event_replays SET after_id = $2, total = $4, done = $5, replayed = $6, starts = $7, examples = $8, updated_at = $9 WHERE id = $1 AND after_id = $3 AND state = 0");

    private static readonly SqlStatement Insert = new(
        $"INSERT INTO event_replays ({Columns}) VALUES ($1, 0, $2, $3, '', $4, -1, 0, 0, '{{}}', '[]', NULL, $5, $5)");

    private static readonly SqlStatement End = new("UPDATE event_replays SET state = $2, problem = $3, updated_at = $4 WHERE id = $1 AND state = 0");
    private static readonly SqlStatement FindOne = new($"SELECT {Columns} FROM event_replays WHERE id = $1");
    private static readonly SqlStatement FindLatest = new($"SELECT {Columns} FROM event_replays ORDER BY id DESC LIMIT 20");
    private static readonly SqlStatement FindLeft = new($"SELECT {Columns} FROM event_replays WHERE state = 0 AND updated_at < $1 ORDER BY id");

    /// <summary>Only one of several servers that find a run takes it on.</summary>
    private static readonly SqlStatement Claim = new("UPDATE event_replays SET updated_at = $3 WHERE id = $1 AND updated_at = $2 AND state = 0");

    public async Task AddAsync(string id, bool dryRun, EventFilter filter, string endId, CancellationToken cancellationToken) => await database.CommitAsync(
        new WriteUnit().Add(Insert, id, dryRun ? 1 : 0, JsonSerializer.Serialize(filter), endId, SqlValue.Micros(clock.GetUtcNow())), cancellationToken: cancellationToken);

    /// <summary>Ends a run that goes on.</summary>
    /// <returns>Whether it did.</returns>
    public async Task<bool> EndAsync(string id, ReplayState state, string? problem, CancellationToken cancellationToken)
    {
        try
        {
            await database.CommitAsync(new WriteUnit().AddExpectingOne(End, id, (int)state, problem, SqlValue.Micros(clock.GetUtcNow())), cancellationToken: cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }

    public async ValueTask<ReplayRow?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(FindOne, cancellationToken, id);
        return rows.Count == 0 ? null : Read(rows.Rows[0]);
    }

    public async ValueTask<List<ReplayRow>> LatestAsync(CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(FindLatest, cancellationToken)).Rows.Select(Read)];

    /// <summary>Takes on the runs that nobody has gone on with since a time.</summary>
    public async ValueTask<List<ReplayRow>> ClaimLeftAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var claimed = new List<ReplayRow>();
        foreach (var row in (await database.QueryAsync(FindLeft, cancellationToken, SqlValue.Micros(since))).Rows)
        {
            try
            {
                await database.CommitAsync(new WriteUnit().AddExpectingOne(Claim, row[0], row[13], SqlValue.Micros(clock.GetUtcNow())), cancellationToken: cancellationToken);
                claimed.Add(Read(row));
            }
            catch (WriteConflictException)
            {
                // Another server was faster.
            }
        }

        return claimed;
    }

    /// <summary>Adds a run's progress to the copies that it is about.</summary>
    public void AddAdvance(WriteUnit unit, ReplayRow run, string afterId) => unit.AddExpectingOne(
        Advance, run.Id, afterId, run.AfterId, run.Total ?? -1, run.Done, run.Replayed, JsonSerializer.Serialize(run.Starts), JsonSerializer.Serialize(run.Examples),
        SqlValue.Micros(clock.GetUtcNow()));

    public Task CommitAsync(WriteUnit unit, CancellationToken cancellationToken) => database.CommitAsync(unit, cancellationToken: cancellationToken);

    private static ReplayRow Read(SqlValue[] row) => new(row[0].AsText!, row[2].AsInteger == 1, JsonSerializer.Deserialize<EventFilter>(row[3].AsText!)!, row[5].AsText!)
    {
        State = (ReplayState)row[1].AsInteger,
        AfterId = row[4].AsText!,
        Total = row[6].AsInteger < 0 ? null : row[6].AsInteger,
        Done = row[7].AsInteger,
        Replayed = row[8].AsInteger,
        Starts = JsonSerializer.Deserialize<Dictionary<string, long>>(row[9].AsText!)!,
        Examples = JsonSerializer.Deserialize<List<ReplayExample>>(row[10].AsText!)!,
        Problem = row[11].AsText,
        CreatedAt = SqlValue.FromMicros(row[12].AsInteger),
        UpdatedAt = SqlValue.FromMicros(row[13].AsInteger),
    };
}

/// <summary>A bulk replay while it is being worked on.</summary>
internal sealed class ReplayRow(string id, bool dryRun, EventFilter filter, string endId)
{
    public const int MostExamples = 100;

    public string Id => id;

    public bool DryRun => dryRun;

    public EventFilter Filter => filter;

    /// <summary>Events from here on were stored after the run was asked for, its own copies above all.</summary>
    public string EndId => endId;

    public ReplayState State { get; init; }

    /// <summary>The last event that was looked at.</summary>
    public string AfterId { get; set; } = "";

    public long? Total { get; set; }

    public long Done { get; set; }

    public long Replayed { get; set; }

    public Dictionary<string, long> Starts { get; init; } = new(StringComparer.Ordinal);

    public List<ReplayExample> Examples { get; init; } = [];

    public string? Problem { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Counts an event and what it starts.</summary>
    public void Count(string eventId, IReadOnlyList<string> workflows)
    {
        Done++;
        if (workflows.Count == 0)
            return;
        Replayed++;
        foreach (var workflow in workflows)
            Starts[workflow] = Starts.GetValueOrDefault(workflow) + 1;
        if (Examples.Count < MostExamples)
            Examples.Add(new ReplayExample(eventId, workflows));
    }

    public ReplayProgress ToProgress() => new()
    {
        Id = Id,
        DryRun = DryRun,
        State = State,
        Filter = Filter,
        Total = Total,
        Done = Done,
        Replayed = Replayed,
        Starts = Starts,
        Examples = Examples,
        Problem = Problem,
        CreatedAt = CreatedAt,
        UpdatedAt = UpdatedAt,
    };
}
