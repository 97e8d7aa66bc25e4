using System.Globalization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Automation.Intake.Verification;

/// <summary>
/// An ID token of OpenID Connect as a bearer token: signed by an authority's published keys, made for this receiver, and
/// for one of the accounts that may send. Anybody can have the authority sign a token for any audience, so the account
/// is what counts.
/// </summary>
internal sealed class IdTokenCheck(IdTokenOptions options, TimeSpan tolerance, IdTokenKeys keys) : Check
{
    private const string Prefix = "Bearer ";
    private static readonly JsonWebTokenHandler Handler = new() { MaximumTokenSizeInBytes = 16 * 1024 };
    private static readonly Verdict Yes = Verdict.Yes("id-token");

    /// <summary>Sees that the key which signed the request's token is at hand, where there is a token at all.</summary>
    /// <returns>Null, or why no judgement is possible now.</returns>
    public async ValueTask<string?> PrepareAsync(WebhookRequest request, DateTimeOffset now, CancellationToken cancellationToken) =>
        Read(request, out _) is { } token ? await keys.EnsureAsync(token.Kid, now, cancellationToken) : null;

    public override Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace)
    {
        if (Read(request, out var reason) is not { } token)
            return Verdict.No(reason);
        trace?.Add($"The ID token names the key {token.Kid}, the audience {string.Join(", ", token.Audiences)} and the account {Account(token) ?? "none"}; it expires at {token.ValidTo.ToString("u", CultureInfo.InvariantCulture)}.");
        if (keys.Issuer is not { } issuer)
            return Verdict.No($"the keys of {options.Authority} have not been fetched");
        if (token.Alg != SecurityAlgorithms.RsaSha256)
            return Verdict.No($"the ID token is signed with {token.Alg}, not RS256");
        // With the keys given, nothing is waited for.
        var result = Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
            IssuerSigningKeys = keys.Keys,
            TryAllIssuerSigningKeys = false,
            ValidIssuer = issuer,
            ValidAudiences = options.Audiences,
            ValidateLifetime = false,
        }).GetAwaiter().GetResult();
        if (!result.IsValid)
            return Verdict.No(Explain(result.Exception, token, issuer));
        return Lifetime(token, now) is { } late ? Verdict.No(late) : Sender(token);
    }

    private static JsonWebToken? Read(in WebhookRequest request, out string reason)
    {
        reason = "no header Authorization";
        if (request.Header("Authorization") is not { } value)
            return null;
        reason = "header Authorization does not hold an ID token";
        if (!value.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || !Handler.CanReadToken(value[Prefix.Length..]))
            return null;
        try
        {
            return Handler.ReadJsonWebToken(value[Prefix.Length..]);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private string Explain(Exception fault, JsonWebToken token, string issuer) => fault switch
    {
        SecurityTokenSignatureKeyNotFoundException => $"the ID token names the key {token.Kid}, which {issuer} has not published",
        SecurityTokenInvalidIssuerException => $"the ID token is by {token.Issuer}, not by {issuer}",
        SecurityTokenInvalidAudienceException => $"the ID token is for {string.Join(", ", token.Audiences)}, not for {string.Join(" or ", options.Audiences)}",
        SecurityTokenException => "the ID token's signature does not match",
        _ => "the ID token cannot be read",
    };

    private string? Lifetime(JsonWebToken token, DateTimeOffset now)
    {
        // Without the claim the date is the least there is.
        if (token.ValidTo == DateTime.MinValue)
            return "the ID token does not say when it expires";
        if (now.UtcDateTime > token.ValidTo + tolerance)
            return $"the ID token expired at {token.ValidTo.ToString("u", CultureInfo.InvariantCulture)}";
        return token.ValidFrom > now.UtcDateTime + tolerance || token.IssuedAt > now.UtcDateTime + tolerance ? "the ID token is from the future" : null;
    }

    private Verdict Sender(JsonWebToken token)
    {
        if (Account(token) is not { } account)
            return Verdict.No("the ID token has no verified email");
        return options.Emails.Contains(account, StringComparer.OrdinalIgnoreCase) ? Yes : Verdict.No($"the ID token is for {account}, which may not send");
    }

    private static string? Account(JsonWebToken token) =>
        token.TryGetPayloadValue<string>("email", out var email) && token.TryGetPayloadValue<object>("email_verified", out var verified)
            && string.Equals(Convert.ToString(verified, CultureInfo.InvariantCulture), "true", StringComparison.OrdinalIgnoreCase) ? email : null;
}
