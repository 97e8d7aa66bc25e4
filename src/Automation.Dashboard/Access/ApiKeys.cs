using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.EntityFrameworkCore;

namespace Automation.Dashboard.Access;

/// <summary>Whom a key belongs to and what it may do.</summary>
/// <param name="Id">Its id; that of the configuration's key begins with <c>configuration-</c>.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Role">Its role.</param>
/// <param name="Scopes">The parts of the API that it opens; empty for all that its role may do.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="CreatedBy">Who made it.</param>
/// <param name="ExpiresAt">When it stops to work; null for never.</param>
/// <param name="UsedAt">When it was last used, to the minute.</param>
public sealed record ApiKey(
    string Id, string Name, Role Role, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, string? CreatedBy, DateTimeOffset? ExpiresAt, DateTimeOffset? UsedAt);

/// <summary>Something about a user, a key or a password does not hold; the message says what is allowed.</summary>
public sealed class AccessException(string message) : Exception(message);

/// <summary>The keys that open the API. Only their hashes are kept, so each is shown once, when it is made.</summary>
public sealed class ApiKeys(Database database, TimeProvider clock)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(2);
    private static readonly SqlStatement Insert = new(
        "INSERT INTO api_keys (id, name, hash, role, scopes, created_at, created_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

    private static readonly SqlStatement SelectByHash = new(
        "SELECT id, name, role, scopes, created_at, created_by, expires_at, used_at FROM api_keys WHERE hash = $1");

    private static readonly SqlStatement SelectAny = new("SELECT 1 FROM api_keys WHERE role = 'administrator' LIMIT 1");
    private static readonly SqlStatement Use = new("UPDATE api_keys SET used_at = $2 WHERE id = $1");
    private static readonly SqlStatement Delete = new("DELETE FROM api_keys WHERE id = $1");
    private static readonly SqlStatement EndSessions = new("DELETE FROM sessions WHERE owner = $1");

    // Keys that were found, for a moment: another server may delete one. A key that is not there is asked for each time.
    private readonly ConcurrentDictionary<string, (ApiKey Key, DateTimeOffset Until)> _found = new(StringComparer.Ordinal);
    private (string Hash, ApiKey Key)? _configured;

    /// <summary>The parts that a scope can name: the first segment after <c>/api/</c>, and <c>workflows</c> for Elsa's API.</summary>
    public static IReadOnlyList<string> KnownScopes { get; } =
        ["events", "replays", "sources", "mappings", "workflows", "instances", "jobs", "deliveries", "endpoints", "event-types", "notifications", "channels", "inbox", "data", "secrets", "overview", "search", "account"];

    /// <summary>Makes sure that an administrator can come in.</summary>
    /// <param name="given">The key of the configuration, or null.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>The key that was made just now, to be shown once; null where there was one, or one was given.</returns>
    public async Task<string?> EnsureAdministratorAsync(string? given, CancellationToken cancellationToken)
    {
        if (given is not null)
        {
            var hash = Hash(given);
            _configured = (hash, new ApiKey("configuration-" + hash[..16], "configuration", Role.Administrator, [], clock.GetUtcNow(), null, null, null));
            return null;
        }

        if ((await database.QueryAsync(SelectAny, cancellationToken)).Count > 0)
            return null;
        return (await CreateAsync("First administrator key", Role.Administrator, [], null, null, cancellationToken)).Secret;
    }

    /// <summary>Makes a key.</summary>
    /// <param name="name">What people call it, 1 to 100 characters.</param>
    /// <param name="role">Its role.</param>
    /// <param name="scopes">The parts of the API that it opens, such as <c>events</c> or <c>jobs:read</c>; none for all.</param>
    /// <param name="expiresAt">When it stops to work; null for never.</param>
    /// <param name="by">Who makes it.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>The key, and the secret that is shown this once.</returns>
    /// <exception cref="AccessException">Name, scopes or time are not allowed.</exception>
    public async Task<(ApiKey Key, string Secret)> CreateAsync(
        string? name, Role role, IReadOnlyList<string> scopes, DateTimeOffset? expiresAt, string? by, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (string.IsNullOrWhiteSpace(name) || name.Trim().Length > 100 || name.Any(char.IsControl))
            throw new AccessException("A key needs a name of 1 to 100 characters.");
        if (expiresAt <= now)
            throw new AccessException("The key would have expired already; choose a later day.");
        foreach (var scope in scopes)
        {
            if (!KnownScopes.Contains(scope.EndsWith(":read", StringComparison.Ordinal) ? scope[..^5] : scope, StringComparer.Ordinal))
                throw new AccessException($"\"{scope}\" is not a scope. There are {string.Join(", ", KnownScopes)}; each also with \":read\" behind it.");
        }

        var secret = "ak_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var key = new ApiKey(Guid.CreateVersion7(now).ToString(), name.Trim(), role, scopes, now, by, expiresAt, null);
        var unit = new WriteUnit().Add(
            Insert, key.Id, key.Name, Hash(secret), role.Text(), string.Join(' ', scopes), SqlValue.Micros(now), by, SqlValue.Micros(expiresAt));
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return (key, secret);
    }

    /// <summary>Finds whom a key belongs to; null for a key that is unknown or has expired.</summary>
    public async ValueTask<ApiKey?> FindAsync(string secret, CancellationToken cancellationToken)
    {
        // Looked up by hash: what an attacker could time is the hash of a guess, which says nothing about a key.
        var hash = Hash(secret);
        if (_configured is { } configured && configured.Hash == hash)
            return configured.Key;
        var now = clock.GetUtcNow();
        if (!_found.TryGetValue(hash, out var found) || found.Until < now)
        {
            _found.TryRemove(hash, out _);
            if ((await database.QueryAsync(SelectByHash, cancellationToken, hash)).Rows is not [var row])
                return null;
            found = (Read(row), now + Remembered);
            if (found.Key.UsedAt is null || now - found.Key.UsedAt > TimeSpan.FromMinutes(1))
                await database.CommitAsync(new WriteUnit().Add(Use, found.Key.Id, SqlValue.Micros(now)), cancellationToken: cancellationToken);
            _found[hash] = found;
        }

        return found.Key.ExpiresAt <= now ? null : found.Key;
    }

    /// <summary>Whether the configuration's key is (still) the one of this id.</summary>
    internal ApiKey? Configured(string id) => _configured is { } configured && configured.Key.Id == id ? configured.Key : null;

    /// <summary>All keys, the newest first.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken)
    {
        await using var context = database.CreateContext();
        var rows = await context.Set<ApiKeyRow>().OrderByDescending(k => k.Id).ToListAsync(cancellationToken);
        return [.. rows.Select(r => new ApiKey(
            r.Id, r.Name, Parse(r.Role), Split(r.Scopes), SqlValue.FromMicros(r.CreatedAt), r.CreatedBy,
            r.ExpiresAt is { } e ? SqlValue.FromMicros(e) : null, r.UsedAt is { } u ? SqlValue.FromMicros(u) : null))];
    }

    /// <summary>Removes a key and ends the sessions that were begun with it.</summary>
    /// <returns>False where there is none.</returns>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await database.CommitAsync(new WriteUnit().AddExpectingOne(Delete, id).Add(EndSessions, "key:" + id), cancellationToken: cancellationToken);
        }
        catch (WriteConflictException)
        {
            return false;
        }

        _found.Clear();
        return true;
    }

    private static ApiKey Read(SqlValue[] row) => new(
        row[0].AsText!, row[1].AsText!, Parse(row[2].AsText!), Split(row[3].AsText!), row[4].AsMicrosTime!.Value, row[5].AsText, row[6].AsMicrosTime, row[7].AsMicrosTime);

    private static string[] Split(string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A role that a later version of the program wrote gives the least.</summary>
    internal static Role Parse(string role) => Roles.TryParse(role, out var parsed) ? parsed : Role.Viewer;

    private static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
