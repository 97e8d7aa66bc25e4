using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Steps.Deliveries;

/// <summary>Signs per Standard Webhooks: the id, the time and the body, with every key that is in force.</summary>
internal static class WebhookSigner
{
    private const string SecretPrefix = "whsec_";
    private const string PublicPrefix = "whpk_";

    /// <summary>A new key: 32 random bytes, a secret for v1 and a private key's seed for v1a.</summary>
    public static byte[] NewKey() => RandomNumberGenerator.GetBytes(32);

    /// <summary>What a receiver verifies with: the secret itself (v1), or the public key (v1a).</summary>
    public static string ForReceiver(SignatureKind kind, byte[] key) =>
        kind == SignatureKind.V1 ? SecretPrefix + Convert.ToBase64String(key) : PublicPrefix + Convert.ToBase64String(Ed25519Signer.PublicKey(key));

    /// <summary>The three headers of a webhook.</summary>
    public static KeyValuePair<string, object?>[] Headers(SignatureKind kind, IReadOnlyList<byte[]> keys, string id, DateTimeOffset now, string body)
    {
        var timestamp = now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signed = Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}");
        var signatures = keys.Select(key => kind == SignatureKind.V1
            ? "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed))
            : "v1a," + Convert.ToBase64String(Ed25519Signer.Sign(key, signed)));
        return
        [
            KeyValuePair.Create("webhook-id", (object?)id),
            KeyValuePair.Create("webhook-timestamp", (object?)timestamp),
            KeyValuePair.Create("webhook-signature", (object?)string.Join(' ', signatures)),
        ];
    }
}
