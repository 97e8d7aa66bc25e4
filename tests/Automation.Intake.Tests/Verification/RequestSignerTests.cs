using Automation.Intake.Sources;
using Automation.Intake.Tests.Support;
using Automation.Intake.Verification;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Tests.Verification;

public sealed class RequestSignerTests
{
    public static TheoryData<string, string> Schemes =>
        [.. PresetCatalog.Load().All.Values.SelectMany(p => p.Verification.Where(s => s.Kind != "ed25519").Select(s => (p.Name, s.Name)))];

    [Theory]
    [MemberData(nameof(Schemes))]
    public void What_is_signed_is_verified(string presetName, string scheme)
    {
        var preset = PresetCatalog.Load().All[presetName];
        var secret = presetName == "standard-webhooks" ? "whsec_" + Convert.ToBase64String(new byte[24]) : "a secret";
        var at = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        var sample = preset.Samples[0];
        var body = sample.Form is { } form ? System.Text.Encoding.UTF8.GetBytes(form) : System.Text.Encoding.UTF8.GetBytes(sample.Body.GetRawText().Replace("b34768df-4768-4768-8cfe-0ac99db46ca9", secret, StringComparison.Ordinal));
        var contentType = sample.Form is null ? "application/json" : "application/x-www-form-urlencoded";

        var signed = RequestSigner.Sign(preset, new RequestToSign(body, secret, at, scheme, "user", "https://example.com/webhooks/s", contentType));

        var intake = new IntakeOptions();
        intake.Sources["s"] = new SourceOptions { Preset = presetName, Secrets = [secret], Scheme = scheme, User = "user" };
        var headers = new Dictionary<string, string>(signed, StringComparer.Ordinal) { ["Content-Type"] = contentType };
        var explanation = new VerificationExplainer(new SourceCatalog(Options.Create(intake), PresetCatalog.Load()), TimeProvider.System)
            .Explain("s", new CapturedRequest(headers, body, Url: "https://example.com/webhooks/s", At: at))!;
        Assert.True(explanation.Accepted, explanation.Verdict);
    }

    [Theory]
    [InlineData("telnyx", null, "", false, "", "1700000000|{}")]
    [InlineData("telnyx", null, "", true, "", "1700000000|{}")]
    [InlineData("standard-webhooks", null, "whsk_", false, "v1a,", "{id}.1700000000.{}")]
    [InlineData("standard-webhooks", "svix-v1a", "whsk_", true, "v1a,", "{id}.1700000000.{}")]
    public void Private_keys_of_ed25519_sign_the_text_of_the_scheme(string presetName, string? scheme, string keyPrefix, bool withPublicHalf, string prefix, string text)
    {
        var preset = PresetCatalog.Load().All[presetName];
        byte[] seed = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
        var secret = keyPrefix + Convert.ToBase64String(withPublicHalf ? [.. seed, .. new byte[32]] : seed);
        var given = new List<(byte[] Key, string Text)>();
        byte[] signature = [.. Enumerable.Range(100, 64).Select(i => (byte)i)];

        var headers = RequestSigner.Sign(preset, new RequestToSign("{}"u8.ToArray(), secret, DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), scheme)
        {
            Ed25519 = (key, message) =>
            {
                given.Add((key, System.Text.Encoding.UTF8.GetString(message)));
                return signature;
            },
        });

        var used = preset.Verification.Single(v => v.Name == (scheme ?? (presetName == "telnyx" ? "ed25519" : "v1a")));
        var (signedKey, signedText) = Assert.Single(given);
        Assert.Equal(seed, signedKey);
        Assert.Equal(used.IdHeader is { } id ? text.Replace("{id}", headers[id], StringComparison.Ordinal) : text, signedText);
        Assert.Equal(prefix + Convert.ToBase64String(signature), headers[used.Headers[0]]);
        Assert.Equal("1700000000", headers[used.TimestampHeader!]);
    }

    [Theory]
    [InlineData("telnyx", "AAAA", "not a private key of ed25519: <32 bytes as base64>")]
    [InlineData("standard-webhooks", "whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not a private key of v1a: whsk_<32 bytes as base64>")]
    public void What_is_no_private_key_is_told(string preset, string secret, string reason)
    {
        var request = new RequestToSign("{}"u8.ToArray(), secret, DateTimeOffset.UnixEpoch) { Ed25519 = (_, _) => throw new InvalidOperationException("Nothing is to be signed.") };

        var failure = Assert.Throws<NotSupportedException>(() => RequestSigner.Sign(PresetCatalog.Load().All[preset], request));

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("flyflow", null, "signs nothing")]
    [InlineData("telnyx", null, "public key")]
    [InlineData("standard-webhooks", "v1a", "public key")]
    [InlineData("dialogflow-cx", "basic", "user name")]
    [InlineData("twilio", null, "URL")]
    [InlineData("github", "sha1", "none named \"sha1\"")]
    [InlineData("standard-webhooks", "v1", "not one of v1")]
    public void What_cannot_be_signed_is_told(string preset, string? scheme, string reason)
    {
        var failure = Assert.Throws<NotSupportedException>(() => RequestSigner.Sign(PresetCatalog.Load().All[preset], new RequestToSign("{}"u8.ToArray(), "no base64!", DateTimeOffset.UnixEpoch, scheme)));

        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }
}
