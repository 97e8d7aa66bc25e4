using Automation.Storage;
using Automation.Storage.Events;
using Microsoft.EntityFrameworkCore;

namespace Automation.Intake.Events;

/// <summary>Reads events as they are stored. For one reader at a time.</summary>
public sealed class EventTail
{
    private const int Most = 500;

    /// <summary>How far back it looks each time: on PostgreSQL, commits of several servers do not come in the order of their ids.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(5);

    private readonly Database _database;
    private readonly EventFilter _filter;
    private readonly SortedSet<string> _told = new(StringComparer.Ordinal);
    private string? _after;
    private string? _start;
    private long _commits = -1;

    internal EventTail(Database database, EventFilter filter, string? after)
    {
        _database = database;
        _filter = filter;
        _after = _start = after;
    }

    /// <summary>The events that have come since the last call, oldest first; the first call only finds out where it stands, unless it was told.</summary>
    public async Task<IReadOnlyList<EventSummary>> ReadAsync(CancellationToken cancellationToken)
    {
        // This process is the only one that writes to SQLite: without a commit there is nothing to see.
        if (_database.Provider == DatabaseProvider.Sqlite && _commits == _database.Commits)
            return [];
        _commits = _database.Commits;
        await using var context = _database.CreateContext();
        if (_after is null)
        {
            _after = _start = await context.Set<EventRow>().MaxAsync(e => (string?)e.Id, cancellationToken) ?? "";
            return [];
        }

        var from = Before(_after);
        var rows = await EventQueries.Where(context, _filter).Where(e => string.Compare(e.Id, from) > 0).OrderBy(e => e.Id).Take(Most + _told.Count).Select(EventQueries.Summary).ToListAsync(cancellationToken);
        // What lay before the beginning is not news, though the overlap shows it.
        var news = rows.Where(r => !_told.Contains(r.Id) && string.CompareOrdinal(r.Id, _start) > 0).ToList();
        foreach (var row in news)
        {
            _told.Add(row.Id);
            if (string.CompareOrdinal(row.Id, _after) > 0)
                _after = row.Id;
        }

        var least = Before(_after);
        _told.RemoveWhere(id => string.CompareOrdinal(id, least) <= 0);
        if (news.Count >= Most)
            _commits = -1;
        return news;
    }

    private static string Before(string id)
    {
        if (!Guid.TryParse(id, out var guid))
            return "";
        Span<byte> bytes = stackalloc byte[16];
        guid.TryWriteBytes(bytes, bigEndian: true, out _);
        var millis = (long)(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16);
        return EventIds.At(DateTimeOffset.FromUnixTimeMilliseconds(millis) - Overlap);
    }
}
