using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Automation.Intake.Sources;
using Automation.Intake.Webhooks;

namespace Automation.Intake.Verification;

/// <summary>
/// A signature over the raw bytes: HMAC or ed25519, over a signed text that a <see cref="VerificationScheme"/> describes.
/// The scheme fixes the algorithm; nothing the sender writes can choose another one.
/// </summary>
internal sealed class SignatureCheck : Check
{
    private const int PreviewLength = 40;

    private readonly VerificationScheme _scheme;
    private readonly TimeSpan _tolerance;
    private readonly byte[][] _keys;
    private readonly Verdict[] _yes;
    private readonly SignedText _signed;
    private readonly int _signatureBytes;

    public SignatureCheck(VerificationScheme scheme, IReadOnlyList<byte[]> keys, TimeSpan? tolerance = null)
    {
        _scheme = scheme;
        _tolerance = tolerance ?? scheme.Tolerance;
        _keys = [.. keys];
        _yes = [.. keys.Select((_, i) => Verdict.Yes(keys.Count == 1 ? scheme.Name : $"{scheme.Name} (secret {i + 1})"))];
        _signed = SignedText.Parse(scheme.Signed);
        _signatureBytes = scheme switch
        {
            { Kind: "ed25519" } => Ed25519.SignatureSize,
            { Algorithm: "sha1" } => SHA1.HashSizeInBytes,
            { Algorithm: "sha512" } => SHA512.HashSizeInBytes,
            _ => SHA256.HashSizeInBytes,
        };
    }

    /// <summary>The key's bytes for a secret as the sender shows it; null where the secret is not for this scheme.</summary>
    /// <exception cref="FormatException">The secret is not encoded as the scheme says.</exception>
    public static byte[]? Key(VerificationScheme scheme, string secret)
    {
        if (scheme.SecretPrefix.Length > 0)
        {
            if (secret.StartsWith(scheme.SecretPrefix, StringComparison.Ordinal))
                secret = secret[scheme.SecretPrefix.Length..];
            else if (scheme.Kind == "ed25519")
                return null;
            else if (secret.StartsWith("whpk_", StringComparison.Ordinal) || secret.StartsWith("whsk_", StringComparison.Ordinal))
                return null;
        }

        var key = scheme.SecretEncoding switch
        {
            "base64" => Convert.FromBase64String(secret),
            "hex" => Convert.FromHexString(secret),
            _ => Encoding.UTF8.GetBytes(secret),
        };
        if (scheme.Kind == "ed25519" && key.Length != Ed25519.PublicKeySize)
            throw new FormatException($"an ed25519 public key has {Ed25519.PublicKeySize} bytes, not {key.Length}");
        return key;
    }

    public override Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace)
    {
        var (header, value) = Find(request);
        if (value is null)
            return Verdict.No($"no header {string.Join(" or ", _scheme.Headers)}");
        trace?.Add($"Header {header} is there, {value.Length} characters.");

        var id = "";
        if (_scheme.IdHeader is { } idHeader)
        {
            if (request.Header(idHeader) is not { } given)
                return Verdict.No($"no header {idHeader}");
            id = given;
        }

        string? timestamp = null;
        if (_scheme.TimestampHeader is { } timestampHeader && (timestamp = request.Header(timestampHeader)) is null)
            return Verdict.No($"no header {timestampHeader}");
        if (_scheme.TimestampKey is { } timestampKey && (timestamp = Pair(value, timestampKey)) is null)
            return Verdict.No($"header {header} has no {timestampKey}=");
        if (timestamp is not null && Stale(timestamp, now, trace) is { } stale)
            return Verdict.No(stale);
        if (_scheme.BodyHashQuery is { } hashQuery && BodyHashFault(request, hashQuery) is { } fault)
            return Verdict.No(fault);

        return JudgeSignatures(request, header, value, new SignedText.Values(id, timestamp ?? "", request), trace);
    }

    private Verdict JudgeSignatures(in WebhookRequest request, string header, string value, in SignedText.Values values, List<string>? trace)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(_signed.MaxLength(values));
        try
        {
            ReadOnlySpan<byte> signed = buffer.AsSpan(0, _signed.Write(values, buffer));
            trace?.Add($"Signed text {_scheme.Signed}: {signed.Length} bytes of which the body is {request.Body.Length}; it begins {Preview(signed, values.Request)}.");
            if (trace is not null && values.Request.Url is null && _signed.Holds("url"))
                trace.Add("The signed text holds the URL as the sender called it, which was not given; without it no signature can match.");
            Span<byte> given = stackalloc byte[64];
            var readable = 0;
            foreach (var candidate in Candidates(value))
            {
                if (!Decode(candidate, given[.._signatureBytes]))
                    continue;
                readable++;
                for (var i = 0; i < _keys.Length; i++)
                {
                    if (Matches(_keys[i], signed, given[.._signatureBytes]))
                    {
                        trace?.Add($"A signature matches secret {i + 1} of {_keys.Length}.");
                        return _yes[i];
                    }
                }
            }

            if (readable == 0)
                return Verdict.No($"header {header} holds no signature of the form {_scheme.Prefix}{(_scheme.Format == "pairs" ? _scheme.Key + "=" : "")}<{_signatureBytes} bytes as {_scheme.Encoding}>");
            Explain(signed, trace);
            return Verdict.No($"the signature in header {header} does not match");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private (string Header, string? Value) Find(in WebhookRequest request)
    {
        foreach (var header in _scheme.Headers)
        {
            if (request.Header(header) is { } value)
                return (header, value);
        }

        return ("", null);
    }

    private string? Stale(string timestamp, DateTimeOffset now, List<string>? trace)
    {
        // Bounded well inside what DateTimeOffset can hold.
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > 100_000_000_000_000)
            return $"the timestamp \"{Shorten(timestamp)}\" is not a whole number";
        var milliseconds = _scheme.TimestampUnit == "ms" ? number : Math.Min(number, 100_000_000_000) * 1000;
        var age = now - DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
        trace?.Add($"Timestamp {timestamp} is {age.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s old; {_tolerance.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s are allowed either way.");
        if (age > _tolerance)
            return $"the timestamp is {(long)age.TotalSeconds} s old, more than the {(long)_tolerance.TotalSeconds} s allowed";
        return age < -_tolerance ? $"the timestamp is {(long)-age.TotalSeconds} s in the future, more than the {(long)_tolerance.TotalSeconds} s allowed" : null;
    }

    private static string? BodyHashFault(in WebhookRequest request, string parameter)
    {
        if (FormFields.IsForm(request.Headers.ContentType))
            return null;
        Span<byte> given = stackalloc byte[SHA256.HashSizeInBytes];
        if (request.QueryValue(parameter) is not { } text || text.Length != 64 || Convert.FromHexString(text, given, out _, out _) != OperationStatus.Done)
            return $"the URL has no {parameter} with the SHA-256 of the body";
        return CryptographicOperations.FixedTimeEquals(given, SHA256.HashData(request.Body.Span)) ? null : $"the body's SHA-256 is not the one in {parameter}";
    }

    private IEnumerable<string> Candidates(string value)
    {
        switch (_scheme.Format)
        {
            case "list":
                return value.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).Length > 64 ? [] : ListCandidates(value);
            case "pairs":
                return Pairs(value, _scheme.Key);
            default:
                return value.StartsWith(_scheme.Prefix, StringComparison.Ordinal) ? [value[_scheme.Prefix.Length..]] : [];
        }
    }

    private IEnumerable<string> ListCandidates(string value) =>
        value.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(entry => entry.StartsWith(_scheme.Prefix, StringComparison.Ordinal))
            .Select(entry => entry[_scheme.Prefix.Length..]);

    // A sender may give several signatures while it changes its secret; nobody gives more than a few.
    private static IEnumerable<string> Pairs(string value, string key) =>
        value.Split(',', 32).Select(p => p.Trim()).Where(p => p.StartsWith(key + "=", StringComparison.Ordinal)).Select(p => p[(key.Length + 1)..]);

    private static string? Pair(string value, string key) => Pairs(value, key).FirstOrDefault();

    private bool Decode(string text, Span<byte> signature)
    {
        if (_scheme.Encoding == "base64")
            return Convert.TryFromBase64String(text, signature, out var length) && length == signature.Length;
        return text.Length == signature.Length * 2 && Convert.FromHexString(text, signature, out _, out _) == OperationStatus.Done;
    }

    private bool Matches(byte[] key, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> given)
    {
        if (_scheme.Kind == "ed25519")
            return Ed25519.Verify(key, signed, given);
        Span<byte> computed = stackalloc byte[SHA512.HashSizeInBytes];
        return CryptographicOperations.FixedTimeEquals(computed[..Compute(_scheme.Algorithm, key, signed, computed)], given);
    }

    /// <summary>Computes an HMAC.</summary>
    /// <returns>Its length.</returns>
    public static int Compute(string algorithm, byte[] key, ReadOnlySpan<byte> signed, Span<byte> result) => algorithm switch
    {
#pragma warning disable CA5350 // Twilio and Intercom sign with HMAC-SHA1; as an HMAC it is not broken, and they offer nothing else.
        "sha1" => HMACSHA1.HashData(key, signed, result),
#pragma warning restore CA5350
        "sha512" => HMACSHA512.HashData(key, signed, result),
        _ => HMACSHA256.HashData(key, signed, result),
    };

    /// <summary>Shows the beginning of what was expected: enough to compare, too little to forge.</summary>
    private void Explain(ReadOnlySpan<byte> signed, List<string>? trace)
    {
        if (trace is null || _scheme.Kind == "ed25519")
            return;
        Span<byte> computed = stackalloc byte[SHA512.HashSizeInBytes];
        for (var i = 0; i < _keys.Length; i++)
        {
            var length = Compute(_scheme.Algorithm, _keys[i], signed, computed);
            var text = _scheme.Encoding == "base64" ? Convert.ToBase64String(computed[..length]) : Convert.ToHexStringLower(computed[..length]);
            trace.Add($"With secret {i + 1} of {_keys.Length} the signature would begin {_scheme.Prefix}{text[..6]}…");
        }
    }

    /// <summary>The beginning of the signed text; of the URL in it the secrets are masked.</summary>
    private static string Preview(ReadOnlySpan<byte> bytes, in WebhookRequest request)
    {
        var text = Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, 8192)]);
        if (request.Url?.Invoke() is { Length: > 0 } url)
        {
            var shown = url.Split('?', 2)[0];
            if (request.UrlSecret is { } secret)
                shown = shown.Replace("/" + Uri.EscapeDataString(secret), "/" + HeaderRecord.Mask, StringComparison.Ordinal).Replace("/" + secret, "/" + HeaderRecord.Mask, StringComparison.Ordinal);
            text = text.Replace(url, shown + HeaderRecord.Query(request.Query), StringComparison.Ordinal);
        }

        var begin = text.Length > PreviewLength ? text[..PreviewLength] : text;
        return "\"" + string.Concat(begin.Select(c => char.IsControl(c) ? '·' : c)) + (text.Length > PreviewLength || bytes.Length > 8192 ? "…\"" : "\"");
    }

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
