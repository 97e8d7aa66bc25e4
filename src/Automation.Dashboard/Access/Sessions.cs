using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.Extensions.Options;

namespace Automation.Dashboard.Access;

/// <summary>Somebody who is signed in, on one browser.</summary>
/// <param name="Id">Its id, which opens nothing.</param>
/// <param name="Owner">Whose it is: <c>user:ID</c> or <c>key:ID</c>.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="SeenAt">When it was last used, to five minutes.</param>
/// <param name="ExpiresAt">When it ends at the latest.</param>
/// <param name="RemoteIp">Address that it was begun from.</param>
/// <param name="Agent">The browser, as it names itself.</param>
public sealed record Session(string Id, string Owner, DateTimeOffset CreatedAt, DateTimeOffset SeenAt, DateTimeOffset ExpiresAt, string? RemoteIp, string? Agent);

/// <summary>Whom a session stands for, as of now.</summary>
/// <param name="Session">The session.</param>
/// <param name="Name">The owner's name.</param>
/// <param name="Role">The owner's role, as it is now.</param>
public sealed record SignedIn(Session Session, string Name, Role Role);

/// <summary>
/// Who is signed in. The cookie holds a random token; what counts is the row here, so a session that is ended here is over
/// wherever the cookie may be.
/// </summary>
public sealed class Sessions(Database database, ApiKeys keys, IOptions<AccessOptions> options, TimeProvider clock)
{
    private static readonly TimeSpan SeenPrecision = TimeSpan.FromMinutes(5);

    private static readonly SqlStatement Insert = new(
        "INSERT INTO sessions (id, owner, created_at, seen_at, expires_at, remote_ip, agent) VALUES ($1, $2, $3, $3, $4, $5, $6)");

    private static readonly SqlStatement Select = new(
        """
        SELECT s.id, s.owner, s.created_at, s.seen_at, s.expires_at, s.remote_ip, s.agent, u.name, u.role, u.disabled, k.name, k.role, k.expires_at
        FROM sessions s
        LEFT JOIN users u ON s.owner = 'user:' || u.id
        LEFT JOIN api_keys k ON s.owner = 'key:' || k.id
        WHERE s.id = $1
        """);

    private static readonly SqlStatement SelectOfOwner = new(
        "SELECT id, owner, created_at, seen_at, expires_at, remote_ip, agent FROM sessions WHERE owner = $1 ORDER BY seen_at DESC");

    private static readonly SqlStatement CountByOwner = new("SELECT owner, count(*) FROM sessions WHERE expires_at > $1 AND seen_at > $2 GROUP BY owner");
    private static readonly SqlStatement See = new("UPDATE sessions SET seen_at = $2 WHERE id = $1");
    private static readonly SqlStatement Delete = new("DELETE FROM sessions WHERE id = $1");
    private static readonly SqlStatement DeleteOfOwner = new("DELETE FROM sessions WHERE owner = $1");
    private static readonly SqlStatement DeleteExpired = new("DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2");

    /// <summary>Begins a session.</summary>
    /// <param name="owner"><c>user:ID</c> or <c>key:ID</c>.</param>
    /// <param name="remoteIp">Address that it is begun from.</param>
    /// <param name="agent">The browser, as it names itself.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>The token for the cookie.</returns>
    public async Task<string> BeginAsync(string owner, string? remoteIp, string? agent, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var unit = new WriteUnit()
            .Add(DeleteExpired, SqlValue.Micros(now), SqlValue.Micros(now - options.Value.SessionIdleTime))
            .Add(Insert, Id(token), owner, SqlValue.Micros(now), SqlValue.Micros(now + options.Value.SessionLifetime), remoteIp, agent is { Length: > 200 } ? agent[..200] : agent);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return token;
    }

    /// <summary>Whom a cookie's token stands for; null where its session is over or its owner is no longer welcome.</summary>
    public async ValueTask<SignedIn?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if ((await database.QueryAsync(Select, cancellationToken, Id(token))).Rows is not [var row])
            return null;
        var now = clock.GetUtcNow();
        var session = Read(row);
        if (session.ExpiresAt <= now || session.SeenAt + options.Value.SessionIdleTime <= now)
            return null;
        var owner = row switch
        {
            _ when !row[7].IsNull => row[9].AsBoolean ? null : new SignedIn(session, row[7].AsText!, ApiKeys.Parse(row[8].AsText!)),
            _ when !row[10].IsNull => row[12].AsMicrosTime <= now ? null : new SignedIn(session, row[10].AsText!, ApiKeys.Parse(row[11].AsText!)),
            _ => keys.Configured(session.Owner[(session.Owner.IndexOf(':', StringComparison.Ordinal) + 1)..]) is { } key ? new SignedIn(session, key.Name, key.Role) : null,
        };
        if (owner is not null && now - session.SeenAt > SeenPrecision)
            await database.CommitAsync(new WriteUnit().Add(See, session.Id, SqlValue.Micros(now)), cancellationToken: cancellationToken);
        return owner;
    }

    /// <summary>The sessions of somebody, the one used last first.</summary>
    public async Task<IReadOnlyList<Session>> OfAsync(string owner, CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(SelectOfOwner, cancellationToken, owner)).Rows.Select(Read)];

    /// <summary>How many sessions everybody has, by owner.</summary>
    public async Task<IReadOnlyDictionary<string, long>> CountAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        return (await database.QueryAsync(CountByOwner, cancellationToken, SqlValue.Micros(now), SqlValue.Micros(now - options.Value.SessionIdleTime))).Rows
            .ToDictionary(r => r[0].AsText!, r => r[1].AsInteger, StringComparer.Ordinal);
    }

    /// <summary>Ends the session of a cookie's token.</summary>
    public Task EndAsync(string token, CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(Delete, Id(token)), cancellationToken: cancellationToken);

    /// <summary>Ends every session of somebody.</summary>
    public Task EndAllAsync(string owner, CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(DeleteOfOwner, owner), cancellationToken: cancellationToken);

    // Whoever reads the database must not be able to make a cookie of what is in it.
    private static string Id(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static Session Read(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, row[2].AsMicrosTime!.Value, row[3].AsMicrosTime!.Value, row[4].AsMicrosTime!.Value, row[5].AsText, row[6].AsText);
}
