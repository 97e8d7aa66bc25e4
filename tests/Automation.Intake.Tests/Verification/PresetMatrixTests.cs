using System.Net;
using System.Text;
using Automation.Intake.Sources;
using Automation.Intake.Tests.Support;
using Automation.Intake.Verification;
using Automation.Storage.Events;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Tests.Verification;

/// <summary>What holds for every preset and every sample of it, whatever presets there are.</summary>
public sealed class PresetMatrixTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string> Macs =>
        [.. PresetCatalog.Load().All.Values.SelectMany(p => p.Verification.Where(s => s.Kind == "hmac").Select(s => (p.Name, s.Name)))];

    public static TheoryData<string> Presets => [.. PresetCatalog.Load().All.Keys];

    [Theory]
    [MemberData(nameof(Macs))]
    public void A_signature_by_another_algorithm_is_refused_though_the_secret_is_right(string preset, string scheme)
    {
        var all = PresetCatalog.Load();
        var found = all.All[preset];
        var right = found.Verification.Single(s => s.Name == scheme);
        var secret = right.SecretPrefix + (right.SecretEncoding == "base64" ? Convert.ToBase64String(Encoding.UTF8.GetBytes("a secret of a test, 32 bytes long")) : "a secret of a test");
        var intake = new IntakeOptions();
        intake.Sources["source"] = new SourceOptions { Preset = preset, Scheme = scheme, Secrets = [secret] };
        var explainer = new VerificationExplainer(new SourceCatalog(Options.Create(intake), all), TimeProvider.System);
        var form = right.Signed.Contains("{form}", StringComparison.Ordinal);
        var body = Encoding.UTF8.GetBytes(form ? "CallSid=CA1&CallStatus=completed" : """{"type":"x"}""");
        const string url = "https://hooks.example.com/webhooks/source";

        Assert.True(Accepted(right));
        foreach (var algorithm in new[] { "sha1", "sha256", "sha512" })
        {
            if (algorithm != right.Algorithm)
                Assert.False(Accepted(right with { Algorithm = algorithm }), algorithm);
        }

        bool Accepted(VerificationScheme signedBy)
        {
            var sender = found with { Verification = [signedBy] };
            var type = form ? FormFields.ContentType : "application/json";
            var headers = new Dictionary<string, string>(RequestSigner.Sign(sender, new RequestToSign(body, secret, Now, Url: url, ContentType: type)), StringComparer.OrdinalIgnoreCase) { ["Content-Type"] = type };
            return explainer.Explain("source", new CapturedRequest(headers, body, Url: url, At: Now))!.Accepted;
        }
    }

    [Theory]
    [InlineData("telnyx", "")]
    [InlineData("standard-webhooks", "whpk_")]
    public void A_mac_under_the_public_key_is_no_signature(string preset, string prefix)
    {
        var all = PresetCatalog.Load();
        var found = all.All[preset];
        var right = found.Verification.First(s => s.Kind == "ed25519");
        var key = Convert.ToBase64String(Convert.FromHexString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
        var intake = new IntakeOptions();
        intake.Sources["source"] = new SourceOptions { Preset = preset, Secrets = [prefix + key] };
        var explainer = new VerificationExplainer(new SourceCatalog(Options.Create(intake), all), TimeProvider.System);
        var body = """{"type":"x"}"""u8.ToArray();
        // Everybody knows the public key: a MAC of the same length, in the same place, must not do.
        var swapped = found with { Verification = [right with { Kind = "hmac", Algorithm = "sha512", SecretPrefix = "" }] };
        var headers = new Dictionary<string, string>(RequestSigner.Sign(swapped, new RequestToSign(body, key, Now)), StringComparer.OrdinalIgnoreCase) { ["Content-Type"] = "application/json" };

        var explanation = explainer.Explain("source", new CapturedRequest(headers, body, At: Now))!;

        Assert.False(explanation.Accepted);
        Assert.Contains("does not match", explanation.Verdict, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public async Task A_repeated_delivery_of_any_sample_starts_once(string preset)
    {
        await using var server = await IntakeServer.StartAsync(new() { [$"Sources:{preset}:Open"] = "true" });
        foreach (var sample in PresetCatalog.Load().All[preset].Samples)
        {
            (string, string)[] headers = [.. sample.Headers.Select(h => (h.Key, h.Value)), ("Content-Type", sample.Form is null ? "application/json" : FormFields.ContentType)];
            var body = sample.Form ?? sample.Body.GetRawText();
            for (var i = 0; i < 3; i++)
            {
                using var answer = await server.PostAsync(preset, body, headers);
                Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.NoContent, $"{sample.Name}: {(int)answer.StatusCode}");
            }
        }

        await server.DrainAsync();
        var events = await server.ListAsync();
        var firsts = events.Where(e => e.Status == EventStatus.Routed).ToList();
        Assert.Equal(firsts.Count, server.Starter.Starts.Count);
        Assert.NotEmpty(firsts);
        Assert.All(events.Where(e => e.Status != EventStatus.Routed), e => Assert.Equal(EventStatus.Duplicate, e.Status));
        // Samples may stand for the same event; none may be taken twice.
        Assert.True(events.Count(e => e.Status == EventStatus.Duplicate) >= 2 * firsts.Count);
    }
}
