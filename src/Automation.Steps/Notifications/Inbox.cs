using Automation.Steps.Editing;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Notifications;

/// <summary>An entry of the inbox.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Channel">The channel that it came by.</param>
/// <param name="Severity"><c>Info</c>, <c>Success</c>, <c>Warning</c> or <c>Error</c>.</param>
/// <param name="Subject">The title.</param>
/// <param name="Text">The text; plain.</param>
/// <param name="Link">Where to read more.</param>
/// <param name="InstanceId">The instance that asked for it.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="ReadAt">When somebody read it.</param>
public sealed record InboxEntry(
    string Id, string Channel, string Severity, string Subject, string Text, string? Link, string? InstanceId, DateTimeOffset CreatedAt, DateTimeOffset? ReadAt);

/// <summary>The inbox that all people of the console share.</summary>
public sealed class Inbox(Database database, TimeProvider clock)
{
    private const string Columns = "id, channel, severity, subject, body, link, instance_id, created_at, read_at";

    private static readonly SqlStatement Insert = new($"INSERT INTO inbox ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT (id) DO NOTHING");

    private const string Page = $"created_at <= $1 AND (created_at < $1 OR id < $2) ORDER BY created_at DESC, id DESC LIMIT $3";

    private static readonly SqlStatement Latest = new($"SELECT {Columns} FROM inbox WHERE {Page}");

    private static readonly SqlStatement LatestUnread = new($"SELECT {Columns} FROM inbox WHERE read_at IS NULL AND {Page}");

    private static readonly SqlStatement Count = new("SELECT count(*) FROM inbox WHERE read_at IS NULL");

    private static readonly SqlStatement Read = new("UPDATE inbox SET read_at = $2 WHERE id = $1 AND read_at IS NULL");

    private static readonly SqlStatement Exists = new("SELECT 1 FROM inbox WHERE id = $1");

    private static readonly SqlStatement ReadAll = new("UPDATE inbox SET read_at = $1 WHERE read_at IS NULL AND created_at <= $1");

    private static readonly SqlStatement Delete = new("DELETE FROM inbox WHERE id = $1");

    private static readonly SqlStatement DeleteOld = new("DELETE FROM inbox WHERE created_at < $1");

    private Action? _changed;

    /// <summary>Tells after each change that this process made: there may be more or fewer unread entries.</summary>
    /// <param name="listener">Called on any thread; it must not wait.</param>
    public void OnChanged(Action listener) => _changed += listener;

    /// <summary>The newest entries before a place, or those of them that nobody has read.</summary>
    /// <param name="unread">Only what nobody has read.</param>
    /// <param name="before">Where the page before ended; see <see cref="TimeCursor"/>.</param>
    /// <param name="take">How many at most.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<IReadOnlyList<InboxEntry>> LatestAsync(bool unread, (long At, string Id) before, int take, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(unread ? LatestUnread : Latest, cancellationToken, before.At, before.Id, take)).Rows.Select(Entry)];

    /// <summary>All entries, or all that nobody has read, newest first, read a page at a time.</summary>
    public async IAsyncEnumerable<InboxEntry> AllAsync(bool unread, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const int size = 500;
        for (var place = TimeCursor.Newest; ;)
        {
            var page = await LatestAsync(unread, place, size, cancellationToken);
            foreach (var entry in page)
                yield return entry;
            if (page.Count < size)
                yield break;
            place = (SqlValue.ToMicros(page[^1].CreatedAt), page[^1].Id);
        }
    }

    private static InboxEntry Entry(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, row[2].AsText!, row[3].AsText!, row[4].AsText!, row[5].AsText, row[6].AsText, row[7].AsMicrosTime!.Value, row[8].AsMicrosTime);

    /// <summary>How many entries nobody has read.</summary>
    public async ValueTask<long> UnreadAsync(CancellationToken cancellationToken) => (await database.QueryAsync(Count, cancellationToken)).Rows[0][0].AsInteger;

    /// <summary>Marks an entry as read.</summary>
    /// <returns>False where there is none.</returns>
    public async Task<bool> MarkReadAsync(string id, CancellationToken cancellationToken)
    {
        await CommitAsync(new WriteUnit().Add(Read, id, SqlValue.Micros(clock.GetUtcNow())), cancellationToken);
        return (await database.QueryAsync(Exists, cancellationToken, id)).Rows.Count > 0;
    }

    /// <summary>Marks all entries as read.</summary>
    public Task MarkAllReadAsync(CancellationToken cancellationToken) => CommitAsync(new WriteUnit().Add(ReadAll, SqlValue.Micros(clock.GetUtcNow())), cancellationToken);

    /// <summary>Removes an entry.</summary>
    /// <returns>False where there is none.</returns>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        if ((await database.QueryAsync(Exists, cancellationToken, id)).Rows.Count == 0)
            return false;
        await CommitAsync(new WriteUnit().Add(Delete, id), cancellationToken);
        return true;
    }

    internal Task AddAsync(Notification n, CancellationToken cancellationToken) => CommitAsync(AddTo(new WriteUnit(), n with { CreatedAt = clock.GetUtcNow() }), cancellationToken);

    /// <summary>Adds an entry to a unit, unless it is there.</summary>
    internal static WriteUnit AddTo(WriteUnit unit, Notification n) =>
        unit.Add(Insert, n.Id, n.Channel, n.Message.Severity, n.Message.Subject, n.Message.Text, n.Message.Link, n.InstanceId, SqlValue.Micros(n.CreatedAt));

    internal Task SweepAsync(DateTimeOffset before, CancellationToken cancellationToken) => CommitAsync(new WriteUnit().Add(DeleteOld, SqlValue.Micros(before)), cancellationToken);

    private async Task CommitAsync(WriteUnit unit, CancellationToken cancellationToken)
    {
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        _changed?.Invoke();
    }
}
