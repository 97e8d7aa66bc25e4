using System.Security.Cryptography;
using System.Text.Json;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.DataProtection;

namespace Automation.Intake.Sources;

/// <summary>A source that somebody made in the console or by the API.</summary>
/// <param name="Slug">The last part of its path.</param>
/// <param name="Version">1 for the first; each change makes the next.</param>
/// <param name="Settings">Its settings, secrets included; null where they cannot be decrypted.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
/// <param name="UpdatedBy">By whom.</param>
internal sealed record StoredSource(string Slug, long Version, SourceOptions? Settings, DateTimeOffset UpdatedAt, string? UpdatedBy);

/// <summary>Keeps sources that people made, encrypted with the server's data protection keys, since secrets are among their settings.</summary>
internal sealed class SourceStore(Database database, IDataProtectionProvider protection, TimeProvider clock)
{
    /// <summary>Where servers tell each other of a change.</summary>
    public const string Channel = "sources";

    private static readonly SqlStatement All = new("SELECT slug, version, settings, updated_at, updated_by FROM sources ORDER BY slug");
    private static readonly SqlStatement Insert = new("INSERT INTO sources (slug, version, settings, updated_at, updated_by) VALUES ($1, 1, $2, $3, $4)");

    private static readonly SqlStatement Update = new(
        "UPDATE sources SET version = version + 1, settings = $2, updated_at = $3, updated_by = $4 WHERE slug = $1 AND version = $5");

    private static readonly SqlStatement Remove = new("DELETE FROM sources WHERE slug = $1 AND version = $2");
    private static readonly SqlStatement Tell = new("SELECT 1 WHERE $1 IS NULL", $"SELECT 1 FROM (SELECT pg_notify('{Channel}', $1)) told");

    private readonly IDataProtector _protector = protection.CreateProtector("Automation.Intake.Sources");

    public async Task<IReadOnlyList<StoredSource>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(All, cancellationToken)).Rows.Select(Read)];

    /// <summary>Stores settings.</summary>
    /// <param name="slug">The source.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="expected">The version that they replace; 0 for a source that is new.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="cancellationToken">Ends it before anything is changed.</param>
    /// <returns>False where another version is there.</returns>
    public Task<bool> SaveAsync(string slug, SourceOptions settings, long expected, string? by, CancellationToken cancellationToken)
    {
        var sealedSettings = _protector.Protect(JsonSerializer.SerializeToUtf8Bytes(settings));
        var now = SqlValue.Micros(clock.GetUtcNow());
        var unit = expected == 0
            ? new WriteUnit().Add(Insert, slug, sealedSettings, now, by)
            : new WriteUnit().AddExpectingOne(Update, slug, sealedSettings, now, by, expected);
        return CommitAsync(unit, slug, cancellationToken);
    }

    /// <summary>Removes a source.</summary>
    /// <returns>False where it is not there in this version.</returns>
    public Task<bool> DeleteAsync(string slug, long expected, CancellationToken cancellationToken) =>
        CommitAsync(new WriteUnit().AddExpectingOne(Remove, slug, expected), slug, cancellationToken);

    private async Task<bool> CommitAsync(WriteUnit unit, string slug, CancellationToken cancellationToken)
    {
        unit.Query(Tell, slug);
        try
        {
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }

    private StoredSource Read(SqlValue[] row)
    {
        SourceOptions? settings = null;
        try
        {
            settings = JsonSerializer.Deserialize<SourceOptions>(_protector.Unprotect(row[2].AsBlob ?? []));
        }
        catch (Exception e) when (e is CryptographicException or JsonException)
        {
            // Told by whoever wants to use it.
        }

        return new StoredSource(row[0].AsText!, row[1].AsInteger, settings, SqlValue.FromMicros(row[3].AsInteger), row[4].AsText);
    }
}
