using System.Security.Cryptography;
using System.Text.Json;
using Automation.Steps.Outgoing;
using Automation.Steps.Values;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Deliveries;

/// <summary>An endpoint, an event type or a payload is not valid; the message says why.</summary>
public sealed class DeliveryException(string message) : Exception(message);

/// <summary>The endpoints of subscribers and the event types that they may ask for.</summary>
public sealed class EndpointStore(Database database, IDataProtectionProvider protection, IOptions<DeliveryOptions> options, IOptions<OutgoingOptions> outgoing, OutgoingGuard guard, TimeProvider clock)
{
    private const string Columns = "id, settings, signing_keys, disabled_reason, failing_since, created_at";

    private static readonly SqlStatement All = new($"SELECT {Columns} FROM delivery_endpoints ORDER BY created_at, id");

    private static readonly SqlStatement One = new($"SELECT {Columns} FROM delivery_endpoints WHERE id = $1");

    private static readonly SqlStatement Insert = new($"INSERT INTO delivery_endpoints ({Columns}) VALUES ($1, $2, $3, NULL, NULL, $4)");

    private static readonly SqlStatement Update = new("UPDATE delivery_endpoints SET settings = $2, signing_keys = $3, disabled_reason = NULL, failing_since = NULL WHERE id = $1");

    // Whether it is switched on, and whether it fails, has nothing to do with its keys.
    private static readonly SqlStatement UpdateKeys = new("UPDATE delivery_endpoints SET signing_keys = $2 WHERE id = $1");

    private static readonly SqlStatement Delete = new("DELETE FROM delivery_endpoints WHERE id = $1");

    private static readonly SqlStatement DeleteAttempts = new("DELETE FROM delivery_attempts WHERE endpoint_id = $1");

    private static readonly SqlStatement DeleteDeliveries = new("DELETE FROM deliveries WHERE endpoint_id = $1");

    private static readonly SqlStatement Disable = new("UPDATE delivery_endpoints SET disabled_reason = $2 WHERE id = $1");

    private static readonly SqlStatement Failing = new("UPDATE delivery_endpoints SET failing_since = $2 WHERE id = $1");

    /// <summary>What waits for an endpoint that is switched off waits until it is switched on.</summary>
    internal static readonly SqlStatement Park = new("UPDATE deliveries SET next_at = NULL WHERE endpoint_id = $1 AND status = 'Pending'");

    private static readonly SqlStatement Unpark = new("UPDATE deliveries SET next_at = $2 WHERE endpoint_id = $1 AND status = 'Pending' AND next_at IS NULL");

    private static readonly SqlStatement Types = new("SELECT name, description, schema FROM delivery_event_types ORDER BY name");

    private static readonly SqlStatement SetType = new(
        "INSERT INTO delivery_event_types (name, description, schema) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET description = excluded.description, schema = excluded.schema");

    private static readonly SqlStatement DeleteType = new("DELETE FROM delivery_event_types WHERE name = $1");

    private readonly IDataProtector _protector = protection.CreateProtector("Automation.Steps.Deliveries");
    private readonly AllowedHost[] _plain = [.. outgoing.Value.AllowedHosts.Select(t => AllowedHost.TryParse(t, out var entry) ? entry : default).Where(e => e is not null)!];

    /// <summary>All endpoints, oldest first.</summary>
    public async Task<IReadOnlyList<DeliveryEndpoint>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await database.QueryAsync(All, cancellationToken)).Rows.Select(Read)];

    /// <summary>An endpoint; null where there is none.</summary>
    public async ValueTask<DeliveryEndpoint?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await database.QueryAsync(One, cancellationToken, id)).Rows is [var row, ..] ? Read(row) : null;

    /// <summary>Adds an endpoint.</summary>
    /// <returns>It, and what its receiver verifies with, which a shared secret is shown by only now.</returns>
    /// <exception cref="DeliveryException">The settings are not valid.</exception>
    public async Task<(DeliveryEndpoint Endpoint, string Verifier)> AddAsync(EndpointSettings settings, CancellationToken cancellationToken)
    {
        Check(settings);
        var now = clock.GetUtcNow();
        var key = WebhookSigner.NewKey();
        var verifier = WebhookSigner.ForReceiver(settings.Signature, key);
        var endpoint = new DeliveryEndpoint { Id = "ep_" + Guid.CreateVersion7(now).ToString("N"), Settings = settings, CreatedAt = now, Keys = [new StoredKey(_protector.Protect(key), Until: null)] };
        await database.CommitAsync(new WriteUnit().Add(Insert, endpoint.Id, Json(settings), Json(endpoint.Keys), SqlValue.Micros(now)), cancellationToken: cancellationToken);
        return (endpoint, verifier);
    }

    /// <summary>Changes an endpoint; one that was switched off by itself gets another chance, and what waited for it goes out.</summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="DeliveryException">The settings are not valid.</exception>
    public async Task<DeliveryEndpoint?> ChangeAsync(string id, EndpointSettings settings, CancellationToken cancellationToken)
    {
        Check(settings);
        if (await FindAsync(id, cancellationToken) is not { } endpoint)
            return null;
        if (settings.Signature != endpoint.Settings.Signature)
            throw new DeliveryException("Signature cannot change: the receiver would not understand the next delivery. Add another endpoint.");
        var unit = new WriteUnit().Add(Update, id, Json(settings), Json(endpoint.Keys));
        if (settings.Enabled)
            unit.Add(Unpark, id, SqlValue.Micros(clock.GetUtcNow()));
        else
            unit.Add(Park, id);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
        return endpoint with { Settings = settings, DisabledReason = null, FailingSince = null };
    }

    /// <summary>Gives an endpoint a new signing key; the old ones sign beside it for a while.</summary>
    /// <returns>What its receiver verifies with from now on; null where there is no such endpoint.</returns>
    public async Task<string?> RotateAsync(string id, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } endpoint)
            return null;
        var now = clock.GetUtcNow();
        var key = WebhookSigner.NewKey();
        StoredKey[] keys = [new(_protector.Protect(key), Until: null), .. endpoint.Keys.Select(k => k.Until is null ? k with { Until = now + options.Value.KeepOldSecret } : k).Where(k => k.Until > now)];
        await database.CommitAsync(new WriteUnit().Add(UpdateKeys, id, Json(keys)), cancellationToken: cancellationToken);
        return WebhookSigner.ForReceiver(endpoint.Settings.Signature, key);
    }

    /// <summary>The public keys that receivers verify v1a with.</summary>
    public IReadOnlyList<string> PublicKeys(DeliveryEndpoint endpoint) =>
        endpoint.Settings.Signature == SignatureKind.V1a ? [.. Keys(endpoint).Select(k => WebhookSigner.ForReceiver(SignatureKind.V1a, k))] : [];

    /// <summary>Removes an endpoint with its deliveries.</summary>
    /// <returns>False where there was none.</returns>
    public async Task<bool> DeleteAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await database.CommitAsync(new WriteUnit().AddExpectingOne(Delete, id).Add(DeleteAttempts, id).Add(DeleteDeliveries, id), cancellationToken: cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }

    /// <summary>The catalogue of event types.</summary>
    public async Task<IReadOnlyList<DeliveryEventType>> EventTypesAsync(CancellationToken cancellationToken)
    {
        return [.. (await database.QueryAsync(Types, cancellationToken)).Rows.Select(r => new DeliveryEventType(r[0].AsText!, r[1].AsText, r[2].AsText))];
    }

    /// <summary>Adds an event type to the catalogue, or replaces it.</summary>
    /// <exception cref="DeliveryException">The name or the schema is not valid.</exception>
    public async Task SetEventTypeAsync(DeliveryEventType type, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(type);
        CheckEventType(type.Name);
        CheckSchema(type.Schema);
        await database.CommitAsync(new WriteUnit().Add(SetType, type.Name, type.Description, type.Schema), cancellationToken: cancellationToken);
        await EventTypesAsync(cancellationToken);
    }

    /// <summary>Removes an event type from the catalogue.</summary>
    public async Task DeleteEventTypeAsync(string name, CancellationToken cancellationToken)
    {
        await database.CommitAsync(new WriteUnit().Add(DeleteType, name), cancellationToken: cancellationToken);
        await EventTypesAsync(cancellationToken);
    }

    internal static void CheckEventType(string name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > 200 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-'))
            throw new DeliveryException($"The event type \"{name}\" is not valid. Allowed are 1 to 200 letters, digits, dots, hyphens and underscores.");
    }

    private static void CheckSchema(string? schema)
    {
        if (schema is null)
            return;
        try
        {
            if (JsonSchemaReview.WhyNotValid(JsonElement.Parse(schema)) is { } why)
                throw new DeliveryException(why);
        }
        catch (JsonException e)
        {
            throw new DeliveryException($"The schema is not JSON: {e.Message}");
        }
    }

    internal static void AddDisabling(WriteUnit unit, string id, string reason) => unit.Add(Disable, id, reason).Add(Park, id);

    internal static void AddFailingSince(WriteUnit unit, string id, DateTimeOffset? since) => unit.Add(Failing, id, SqlValue.Micros(since));

    /// <summary>The keys that sign now.</summary>
    /// <exception cref="DeliveryException">They cannot be decrypted.</exception>
    internal IReadOnlyList<byte[]> Keys(DeliveryEndpoint endpoint)
    {
        try
        {
            var now = clock.GetUtcNow();
            return [.. endpoint.Keys.Where(k => k.Until is null || k.Until > now).Select(k => _protector.Unprotect(k.Protected))];
        }
        catch (CryptographicException)
        {
            throw new DeliveryException("The endpoint's signing key cannot be decrypted: the server's keys have changed. Rotate it.");
        }
    }

    private void Check(EndpointSettings settings)
    {
        Uri url;
        try
        {
            url = OutgoingGuard.Check(settings.Url);
            guard.CheckAhead(url.Host, url.Port);
        }
        catch (OutgoingRefusedException e)
        {
            throw new DeliveryException(e.Message);
        }

        if (OwnServer.IsPath(settings.Url.Trim()))
            throw new DeliveryException("Url is only a path; give the whole URL of the subscriber.");
        if (url.Scheme != Uri.UriSchemeHttps && !(options.Value.AllowHttpForAllowedHosts && IsAllowed(url)))
            throw new DeliveryException("Url must begin with https://. Plain http is for hosts in Automation:Steps:Outgoing:AllowedHosts.");
        if (settings.Concurrency is < 1 or > 1000)
            throw new DeliveryException("Concurrency must be 1 to 1000.");
        if (settings.PerMinute is < 1 or > 1_000_000)
            throw new DeliveryException("PerMinute must be 1 to 1000000.");
        if (settings.Timeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(100) || timeout > TimeSpan.FromMinutes(10)))
            throw new DeliveryException("Timeout must be 00:00:00.100 to 00:10:00.");
        if (settings.RetryDelays?.Any(d => d < TimeSpan.Zero || d > TimeSpan.FromDays(7)) == true || settings.RetryDelays?.Count > 50)
            throw new DeliveryException("RetryDelays may have up to 50 waits, each from zero to 7 days.");
        if (settings.EventTypes.Any(t => t.Length is 0 or > 200))
            throw new DeliveryException("EventTypes has an empty name or one above 200 characters.");
        if (settings.EventTypes.FirstOrDefault(t => !t.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '*')) is { } never)
            throw new DeliveryException($"EventTypes has \"{never}\", which no event can be of. Allowed are letters, digits, dots, hyphens and underscores, and * for any characters.");
    }

    private bool IsAllowed(Uri url) => System.Net.IPAddress.TryParse(url.IdnHost.Trim('[', ']'), out var address)
        ? _plain.Any(e => e.Allows(AddressRules.Unmap(address), url.Port))
        : AllowedHost.Normalize(url.IdnHost) is { } name && _plain.Any(e => e.Allows(name, url.Port));

    private static DeliveryEndpoint Read(SqlValue[] row) => new()
    {
        Id = row[0].AsText!,
        Settings = JsonSerializer.Deserialize(row[1].AsText!, DeliveryJson.Default.EndpointSettings)!,
        Keys = JsonSerializer.Deserialize(row[2].AsText!, DeliveryJson.Default.ListStoredKey)!,
        DisabledReason = row[3].AsText,
        FailingSince = row[4].AsMicrosTime,
        CreatedAt = row[5].AsMicrosTime!.Value,
    };

    private static string Json(EndpointSettings settings) => JsonSerializer.Serialize(settings, DeliveryJson.Default.EndpointSettings);

    private static string Json(IReadOnlyList<StoredKey> keys) => JsonSerializer.Serialize(keys.ToList(), DeliveryJson.Default.ListStoredKey);
}
