using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Intake.Sources;
using Microsoft.AspNetCore.Http;

namespace Automation.Intake.Verification;

/// <summary>What a request to sign consists of.</summary>
/// <param name="Body">The body's bytes.</param>
/// <param name="Secret">The secret that the source has.</param>
/// <param name="At">The time that is signed.</param>
/// <param name="Scheme">Name of the preset's scheme; null for the first that the secret fits.</param>
/// <param name="User">User name, for Basic.</param>
/// <param name="Url">The whole URL as it is sent, for schemes that sign it.</param>
/// <param name="ContentType">The content type.</param>
public sealed record RequestToSign(
    ReadOnlyMemory<byte> Body, string Secret, DateTimeOffset At, string? Scheme = null, string? User = null, string? Url = null, string ContentType = "application/json")
{
    /// <summary>Signs a message with the seed of an ed25519 key, where <see cref="Secret"/> may be a private key; null where it is not one.</summary>
    public Func<byte[], byte[], byte[]>? Ed25519 { get; init; }

    /// <summary>The source's own signature, which stands in place of the preset's schemes; null for none.</summary>
    public SignatureOptions? Own { get; init; }
}

/// <summary>Signs test requests as the sender of a preset would.</summary>
public static class RequestSigner
{
    /// <summary>What Standard Webhooks writes before keys of ed25519.</summary>
    private const string PublicPrefix = "whpk_";
    private const string PrivatePrefix = "whsk_";

    /// <summary>The headers that prove the request.</summary>
    /// <exception cref="NotSupportedException">The preset has no scheme that can be signed with what is given; the message says why.</exception>
    public static IReadOnlyDictionary<string, string> Sign(Preset preset, RequestToSign request)
    {
        var reasons = new List<string>();
        IReadOnlyList<VerificationScheme> schemes = request.Own is { } own ? [own.ToScheme()] : preset.Verification;
        foreach (var scheme in schemes.Where(s => request.Scheme is null || s.Name == request.Scheme))
        {
            if (Sign(scheme, request, reasons) is { } headers)
                return headers;
        }

        throw new NotSupportedException(schemes.Count == 0
            ? $"{preset.Title} signs nothing."
            : $"No scheme of {preset.Title} can be signed: {(reasons.Count == 0 ? $"there is none named \"{request.Scheme}\"" : string.Join("; ", reasons))}.");
    }

    /// <summary>The body with the token that some senders write into it; as it is where the sender does not.</summary>
    /// <param name="preset">The sender.</param>
    /// <param name="body">The body.</param>
    /// <param name="secret">The token.</param>
    /// <param name="schemeName">Name of the preset's scheme; null for the first.</param>
    public static byte[] WithToken(Preset preset, byte[] body, string secret, string? schemeName)
    {
        var scheme = preset.Verification.FirstOrDefault(s => schemeName is null || s.Name == schemeName);
        if (scheme is not { Kind: "body-token" } || JsonNode.Parse(body) is not JsonObject root)
            return body;
        var owner = root;
        var parts = scheme.Path.Split('.');
        foreach (var part in parts[..^1])
            owner = owner[part] as JsonObject ?? (JsonObject)(owner[part] = new JsonObject());
        owner[parts[^1]] = secret;
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static Dictionary<string, string>? Sign(VerificationScheme scheme, RequestToSign request, List<string> reasons)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        switch (scheme.Kind)
        {
            case "token":
                headers[scheme.Headers[0]] = scheme.Prefix + request.Secret;
                return headers;
            case "body-token":
                // The token is part of the body, which is the caller's.
                return headers;
            case "basic" when request.User is { } user:
                headers["Authorization"] = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{request.Secret}"));
                return headers;
            case "basic":
                reasons.Add($"{scheme.Name} needs a user name");
                return null;
            case "ed25519" when request.Ed25519 is null:
                reasons.Add($"{scheme.Name} ({scheme.Kind}) is verified with a public key, with which nobody can sign; the command line signs with the private one: send --secret");
                return null;
            default:
                return SignText(scheme, request, headers, reasons);
        }
    }

    private static Dictionary<string, string>? SignText(VerificationScheme scheme, RequestToSign request, Dictionary<string, string> headers, List<string> reasons)
    {
        byte[]? key = null;
        try
        {
            key = scheme.Kind == "ed25519" ? PrivateKey(scheme, request.Secret) : SignatureCheck.Key(scheme, request.Secret);
        }
        catch (FormatException)
        {
            // Told below.
        }

        if (key is null)
        {
            reasons.Add(scheme.Kind == "ed25519"
                ? $"the secret is not a private key of {scheme.Name}: {(scheme.SecretPrefix == PublicPrefix ? PrivatePrefix : "")}<{Ed25519.PublicKeySize} bytes as {scheme.SecretEncoding}>"
                : $"the secret is not one of {scheme.Name}");
            return null;
        }

        if (scheme.Signed.Contains("{url}", StringComparison.Ordinal) && request.Url is null)
        {
            reasons.Add($"{scheme.Name} signs the URL, which is not given");
            return null;
        }

        var timestamp = (scheme.TimestampUnit == "ms" ? request.At.ToUnixTimeMilliseconds() : request.At.ToUnixTimeSeconds()).ToString(CultureInfo.InvariantCulture);
        var id = scheme.IdHeader is null ? "" : "msg_" + Guid.CreateVersion7(request.At).ToString("N");
        IHeaderDictionary given = new HeaderDictionary { ["Content-Type"] = request.ContentType };
        var values = new SignedText.Values(id, timestamp, new WebhookRequest(given, request.Body, QueryString.Empty, null, null, () => request.Url ?? ""));
        var text = SignedText.Parse(scheme.Signed);
        var signed = new byte[text.MaxLength(values)];
        var length = text.Write(values, signed);
        var mac = new byte[64];
        mac = scheme.Kind == "ed25519"
            ? request.Ed25519!(key, signed[..length])
            : mac[..SignatureCheck.Compute(scheme.Algorithm, key, signed.AsSpan(0, length), mac)];
        var signature = scheme.Encoding == "base64" ? Convert.ToBase64String(mac) : Convert.ToHexStringLower(mac);

        headers[scheme.Headers[0]] = scheme.Format == "pairs"
            ? (scheme.TimestampKey is { } timestampKey ? $"{timestampKey}={timestamp}," : "") + $"{scheme.Key}={signature}"
            : scheme.Prefix + signature;
        if (scheme.TimestampHeader is { } timestampHeader)
            headers[timestampHeader] = timestamp;
        if (scheme.IdHeader is { } idHeader)
            headers[idHeader] = id;
        return headers;
    }

    /// <summary>The seed of a private key; null where the secret is none. Many libraries write the public key behind it.</summary>
    /// <exception cref="FormatException">It is not encoded as the scheme says.</exception>
    private static byte[]? PrivateKey(VerificationScheme scheme, string secret)
    {
        if (scheme.SecretPrefix == PublicPrefix)
        {
            if (!secret.StartsWith(PrivatePrefix, StringComparison.Ordinal))
                return null;
            secret = secret[PrivatePrefix.Length..];
        }

        var key = scheme.SecretEncoding == "hex" ? Convert.FromHexString(secret) : Convert.FromBase64String(secret);
        return key.Length is Ed25519.PublicKeySize or 2 * Ed25519.PublicKeySize ? key[..Ed25519.PublicKeySize] : null;
    }
}
