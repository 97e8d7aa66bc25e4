using System.Security.Cryptography;
using System.Text;
using Automation.Steps.Http;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.DataProtection;

namespace Automation.Steps.Secrets;

/// <summary>What may be known about a secret: everything but its value.</summary>
/// <param name="Name">What steps name it by.</param>
/// <param name="CreatedAt">When it was first stored.</param>
/// <param name="UpdatedAt">When its value was last replaced.</param>
public sealed record SecretInfo(string Name, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A secret is missing, unreadable or not valid; the message names it, never its value.</summary>
public sealed class SecretException : Exception
{
    internal SecretException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>
/// Secrets by name, encrypted at rest with the server's data protection keys. Steps read them; nobody is shown them again.
/// </summary>
public sealed class SecretStore(Database database, IDataProtectionProvider protection, TimeProvider clock)
{
    private const int MaxBytes = 16 << 10;

    private static readonly SqlStatement Upsert = new(
        """
        INSERT INTO secrets (name, protected_value, created_at, updated_at) VALUES ($1, $2, $3, $3)
        ON CONFLICT (name) DO UPDATE SET protected_value = excluded.protected_value, updated_at = excluded.updated_at
        """);

    private static readonly SqlStatement Find = new("SELECT protected_value FROM secrets WHERE name = $1");

    private static readonly SqlStatement All = new("SELECT name, protected_value FROM secrets ORDER BY name");

    private static readonly SqlStatement List = new("SELECT name, created_at, updated_at FROM secrets ORDER BY name");

    private static readonly SqlStatement Delete = new("DELETE FROM secrets WHERE name = $1");

    private readonly IDataProtector _protector = protection.CreateProtector("Automation.Steps.Secrets");

    /// <summary>Stores a secret, or replaces its value. Steps that begin afterwards use the new value.</summary>
    /// <param name="name">1 to 100 letters, digits, dots, hyphens and underscores.</param>
    /// <param name="value">The value, four characters to 16 KiB.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SecretException">The name or the value is not valid.</exception>
    public Task SetAsync(string name, string value, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(name) || name.Length > 100 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
            throw new SecretException("The secret's name is not valid. Allowed are 1 to 100 letters, digits, dots, hyphens and underscores.");
        if (string.IsNullOrEmpty(value) || Encoding.UTF8.GetByteCount(value) > MaxBytes)
            throw new SecretException($"The value of the secret \"{name}\" is empty or larger than {MaxBytes} bytes.");
        if (value.Trim().Length < SecretMask.Shortest)
            throw new SecretException($"The value of the secret \"{name}\" has fewer than {SecretMask.Shortest} characters. So short a text could not be masked in what other servers repeat.");
        var unit = new WriteUnit().Add(Upsert, name, _protector.Protect(Encoding.UTF8.GetBytes(value)), SqlValue.Micros(clock.GetUtcNow()));
        return database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    /// <summary>The value of a secret.</summary>
    /// <exception cref="SecretException">There is none of that name, or the keys that it was encrypted with are gone.</exception>
    internal async ValueTask<string> ReadAsync(string name, CancellationToken cancellationToken)
    {
        if ((await database.QueryAsync(Find, cancellationToken, name)).Rows is not [var row, ..])
            throw new SecretException($"The secret \"{name}\" does not exist. Store it on the page Secrets, or by PUT /api/secrets/{name}.");
        try
        {
            return Encoding.UTF8.GetString(_protector.Unprotect(row[0].AsBlob!));
        }
        catch (CryptographicException e)
        {
            throw new SecretException($"The secret \"{name}\" cannot be decrypted: it was stored with other keys than this server has. Let all servers share one directory of keys, or store it again.", e);
        }
    }

    /// <summary>The names of the secrets that were stored with keys that this server does not have, so that its steps cannot read them.</summary>
    public async Task<IReadOnlyList<string>> UnreadableAsync(CancellationToken cancellationToken)
    {
        var unreadable = new List<string>();
        foreach (var row in (await database.QueryAsync(All, cancellationToken)).Rows)
        {
            try
            {
                _protector.Unprotect(row[1].AsBlob!);
            }
            catch (CryptographicException)
            {
                unreadable.Add(row[0].AsText!);
            }
        }

        return unreadable;
    }

    /// <summary>Why steps could not read a secret; null where they can.</summary>
    public async Task<string?> FindProblemAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await ReadAsync(name, cancellationToken);
            return null;
        }
        catch (SecretException e)
        {
            return e.Message;
        }
    }

    /// <summary>The names of all secrets.</summary>
    public async Task<IReadOnlyList<SecretInfo>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(List, cancellationToken)).Rows.Select(row => new SecretInfo(row[0].AsText!, row[1].AsMicrosTime!.Value, row[2].AsMicrosTime!.Value))];

    /// <summary>Removes a secret.</summary>
    /// <returns>False where there was none.</returns>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await database.CommitAsync(new WriteUnit().AddExpectingOne(Delete, name), cancellationToken: cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }
}
