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
    [InlineData("flyflow", null, "signs nothing")]
    [InlineData("telnyx", null, "public key")]
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
