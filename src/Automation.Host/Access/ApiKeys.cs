using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Host.Access;

/// <summary>The keys that open the API, kept as hashes.</summary>
internal sealed class ApiKeys(Database database, TimeProvider clock)
{
    private static readonly SqlStatement Insert = new("INSERT INTO api_keys (id, name, hash, role, created_at) VALUES ($1, $2, $3, $4, $5)");
    private static readonly SqlStatement SelectByHash = new("SELECT name, role FROM api_keys WHERE hash = $1");
    private static readonly SqlStatement SelectAny = new("SELECT 1 FROM api_keys WHERE role = 'administrator' LIMIT 1");

    // Keys that were found, by hash; a key that is not there is asked for again each time.
    private readonly ConcurrentDictionary<string, ApiKey> _found = new(StringComparer.Ordinal);

    /// <summary>Makes sure that an administrator can sign in.</summary>
    /// <param name="given">The key of the configuration, or null.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>The key that was made just now, to be shown once; null where there was one, or one was given.</returns>
    public async Task<string?> EnsureAdministratorAsync(string? given, CancellationToken cancellationToken)
    {
        if (given is not null)
        {
            _found[Hash(given)] = new ApiKey("configuration", "administrator");
            return null;
        }

        if ((await database.QueryAsync(SelectAny, cancellationToken)).Count > 0)
            return null;
        var key = "ak_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        var now = clock.GetUtcNow();
        var unit = new WriteUnit().Add(Insert, Guid.CreateVersion7(now).ToString(), "First administrator key", Hash(key), "administrator", SqlValue.Micros(now));
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return key;
    }

    /// <summary>Finds whom a key belongs to; null for an unknown key.</summary>
    public async ValueTask<ApiKey?> FindAsync(string key, CancellationToken cancellationToken)
    {
        // Looked up by hash: what an attacker could time is the hash of a guess, which says nothing about a key.
        var hash = Hash(key);
        if (_found.TryGetValue(hash, out var found))
            return found;
        var rows = (await database.QueryAsync(SelectByHash, cancellationToken, hash)).Rows;
        return rows is [var row] ? _found.GetOrAdd(hash, new ApiKey(row[0].AsText!, row[1].AsText!)) : null;
    }

    private static string Hash(string key) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

/// <summary>Whom a key belongs to and what it may do.</summary>
internal sealed record ApiKey(string Name, string Role);
