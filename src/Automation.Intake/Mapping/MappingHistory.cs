using System.Security.Cryptography;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Intake.Mapping;

/// <summary>Where a version of the mapping rules came from. The numbers are what the database holds; they never change.</summary>
public enum MappingOrigin
{
    /// <summary>The mappings file was changed.</summary>
    File = 0,

    /// <summary>Somebody changed rules in the console, by the API or with the command line.</summary>
    Person = 1,

    /// <summary>Somebody put an earlier version back.</summary>
    Restore = 2,
}

/// <summary>The mapping rules as they were from some time on.</summary>
/// <param name="Number">1 for the first one.</param>
/// <param name="At">Since when.</param>
/// <param name="Origin">Where it came from.</param>
/// <param name="By">Who made it; null for the file.</param>
/// <param name="Note">What whoever made it wrote to it.</param>
/// <param name="Content">The mappings file.</param>
internal sealed record MappingVersion(long Number, DateTimeOffset At, MappingOrigin Origin, string? By, string? Note, byte[] Content)
{
    public string Hash { get; } = HashOf(Content);

    public static string HashOf(byte[] content) => Convert.ToHexString(SHA256.HashData(content));
}

/// <summary>
/// Every version of the mapping rules, in the database. On PostgreSQL, which several servers share, the latest one is what is
/// in force at all of them; on SQLite it is kept of the file.
/// </summary>
public sealed class MappingHistory
{
    /// <summary>Where servers tell each other of a new version.</summary>
    internal const string Channel = "mappings";

    /// <summary>Versions that are kept.</summary>
    private const int Kept = 1000;

    private const int PageSize = 20;

    private const string Columns = "number, created_at, origin, made_by, note, content";

    /// <summary>Does not hold where somebody else has made the version of that number.</summary>
    private static readonly SqlStatement Insert = new(
        "INSERT INTO mapping_versions (number, created_at, origin, made_by, note, hash, content) VALUES ($1, $2, $3, $4, $5, $6, $7)");

    private static readonly SqlStatement Trim = new("DELETE FROM mapping_versions WHERE number <= $1");
    private static readonly SqlStatement Tell = new("SELECT 1 WHERE $1 IS NULL", $"SELECT 1 FROM (SELECT pg_notify('{Channel}', $1)) told");
    private static readonly SqlStatement FindLatest = new($"SELECT {Columns} FROM mapping_versions ORDER BY number DESC LIMIT 1");
    private static readonly SqlStatement FindNumber = new("SELECT max(number) FROM mapping_versions");
    private static readonly SqlStatement FindKnown = new("SELECT 1 FROM mapping_versions WHERE hash = $1 LIMIT 1");
    private static readonly SqlStatement FindAt = new($"SELECT {Columns} FROM mapping_versions WHERE created_at <= $1 ORDER BY number DESC LIMIT 1");
    private static readonly SqlStatement FindBefore = new($"SELECT {Columns} FROM mapping_versions WHERE number <= $1 ORDER BY number DESC LIMIT $2");

    private readonly Database _database;
    private readonly TimeProvider _clock;

    internal MappingHistory(Database database, TimeProvider clock)
    {
        _database = database;
        _clock = clock;
    }

    /// <summary>The changes, latest first.</summary>
    /// <param name="before">Only those before this version; null for all.</param>
    /// <param name="ruleId">Only those that changed this rule; null for all.</param>
    /// <param name="take">How many at most.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<MappingChanges> ListAsync(long? before, string? ruleId, int take, CancellationToken cancellationToken)
    {
        var found = new List<MappingChange>();
        var at = before is { } b ? b - 1 : long.MaxValue;
        while (true)
        {
            // One more than is shown: each is held against the one before it.
            var page = await VersionsAsync(at, PageSize + 1, cancellationToken);
            for (var i = 0; i < Math.Min(page.Count, PageSize); i++)
            {
                var change = MappingChange.Between(i + 1 < page.Count ? page[i + 1] : null, page[i]);
                if (ruleId is not null && !change.Changes.Any(c => c.RuleId == ruleId))
                    continue;
                if (found.Count == take)
                    return new MappingChanges(found, found[^1].Version);
                found.Add(change);
            }

            if (page.Count <= PageSize)
                return new MappingChanges(found, null);
            at = page[PageSize].Number;
        }
    }

    /// <summary>A version: what it changed, and the whole file as it was then; null where there is none of that number.</summary>
    public async Task<(MappingChange Change, byte[] Content)?> FindAsync(long number, CancellationToken cancellationToken)
    {
        var found = await VersionsAsync(number, 2, cancellationToken);
        return found.Count == 0 || found[0].Number != number ? null : (MappingChange.Between(found.ElementAtOrDefault(1), found[0]), found[0].Content);
    }

    /// <summary>What putting a version back would change, and the number of the latest one, which it is held against.</summary>
    public async Task<(long Latest, MappingChange? Change)> CompareWithLatestAsync(long number, CancellationToken cancellationToken)
    {
        var latest = await LatestAsync(cancellationToken);
        var wanted = await VersionsAsync(number, 1, cancellationToken);
        return (latest?.Number ?? 0, wanted is [var found] && found.Number == number ? MappingChange.Between(latest, found) : null);
    }

    /// <summary>The version that was in force at a time; null where there was none, or it is not kept any more.</summary>
    internal async ValueTask<MappingVersion?> AtAsync(DateTimeOffset at, CancellationToken cancellationToken) =>
        (await _database.QueryAsync(FindAt, cancellationToken, SqlValue.Micros(at))).Rows is [var row, ..] ? Read(row) : null;

    internal async ValueTask<MappingVersion?> LatestAsync(CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(FindLatest, cancellationToken);
        return rows.Count == 0 ? null : Read(rows.Rows[0]);
    }

    /// <summary>The number of the latest version; 0 where there is none.</summary>
    internal async ValueTask<long> LatestNumberAsync(CancellationToken cancellationToken) =>
        (await _database.QueryAsync(FindNumber, cancellationToken)).Rows[0][0].AsInteger;

    /// <summary>Whether any version had this content.</summary>
    internal async ValueTask<bool> IsKnownAsync(string hash, CancellationToken cancellationToken) =>
        (await _database.QueryAsync(FindKnown, cancellationToken, hash)).Count > 0;

    /// <summary>Adds a version behind another.</summary>
    /// <returns>Null where that is not the latest one any more.</returns>
    internal async Task<MappingVersion?> AppendAsync(long after, byte[] content, MappingOrigin origin, string? by, string? note, CancellationToken cancellationToken)
    {
        var version = new MappingVersion(after + 1, _clock.GetUtcNow(), origin, by, note, content);
        var unit = new WriteUnit()
            .Add(Insert, version.Number, SqlValue.Micros(version.At), (int)origin, by, note, version.Hash, content)
            .Add(Trim, version.Number - Kept);
        unit.Query(Tell, version.Number.ToString(System.Globalization.CultureInfo.InvariantCulture));
        try
        {
            await _database.CommitAsync(unit, cancellationToken: cancellationToken);
            return version;
        }
        catch (WriteConflictException)
        {
            return null;
        }
    }

    private async ValueTask<List<MappingVersion>> VersionsAsync(long from, int take, CancellationToken cancellationToken) =>
        [.. (await _database.QueryAsync(FindBefore, cancellationToken, from, take)).Rows.Select(Read)];

    private static MappingVersion Read(SqlValue[] row) => new(
        row[0].AsInteger, SqlValue.FromMicros(row[1].AsInteger), (MappingOrigin)row[2].AsInteger, row[3].AsText, row[4].AsText, row[5].AsBlob ?? []);
}
