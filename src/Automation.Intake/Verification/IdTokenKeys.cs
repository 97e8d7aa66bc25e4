using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Automation.Intake.Verification;

/// <summary>
/// The keys that an OpenID Connect authority has published, fetched when they are first needed, twice a day, and when a
/// token names one that is not known yet, but then not more than once a minute: anybody can send such a token.
/// </summary>
internal sealed class IdTokenKeys
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromHours(12);
    private static readonly TimeSpan MinAge = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // Lives as long as the process; shared, since one is enough for all authorities.
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(10) })
    {
        MaxResponseContentBufferSize = 1024 * 1024,
        Timeout = Patience,
    };

    private readonly string _address;
    private readonly HttpDocumentRetriever _retriever;
    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile OpenIdConnectConfiguration? _known;
    private DateTimeOffset _fetchedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _triedAt = DateTimeOffset.MinValue;

    public IdTokenKeys(string authority)
    {
        _address = authority.TrimEnd('/') + "/.well-known/openid-configuration";
        _retriever = new HttpDocumentRetriever(Client) { RequireHttps = !new Uri(_address).IsLoopback };
    }

    /// <summary>The authority as it names itself; null until it has answered.</summary>
    public string? Issuer => _known?.Issuer;

    public IEnumerable<SecurityKey> Keys => _known?.SigningKeys ?? [];

    /// <summary>Fetches the keys where that is due.</summary>
    /// <returns>Null, or why there are none.</returns>
    public async ValueTask<string?> EnsureAsync(string keyId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!IsDue(keyId, now))
            return null;
        await _fetching.WaitAsync(cancellationToken);
        try
        {
            // Whoever waited may find it done.
            if (!IsDue(keyId, now))
                return null;
            // What cannot be reached is not asked for each request.
            if (_known is null && now - _triedAt < TimeSpan.FromSeconds(1))
                return Unreachable;
            _triedAt = now;
            _known = await OpenIdConnectConfigurationRetriever.GetAsync(_address, _retriever, cancellationToken);
            _fetchedAt = now;
            return null;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidOperationException or ArgumentException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // Keys that are known still hold.
            return _known is null ? Unreachable : null;
        }
        finally
        {
            _fetching.Release();
        }
    }

    private string Unreachable => $"The keys of {_address} could not be fetched. Send it again later.";

    private bool IsDue(string keyId, DateTimeOffset now) =>
        _known is not { } known
        || now - _fetchedAt > MaxAge
        || (now - _triedAt > MinAge && !known.SigningKeys.Any(k => k.KeyId == keyId));
}
