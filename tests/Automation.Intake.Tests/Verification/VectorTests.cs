using System.Net;
using System.Text;
using System.Text.Json;
using Automation.Intake.Sources;
using Automation.Intake.Tests.Support;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Tests.Verification;

/// <summary>
/// Requests signed by others: vectors that senders publish, and requests signed by the npm packages standardwebhooks,
/// svix, stripe and twilio and by Node's crypto (<c>vectors.json</c>).
/// </summary>
public sealed class VectorTests
{
    private static readonly Vector[] All = JsonSerializer.Deserialize<Vector[]>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Verification", "vectors.json")), JsonSerializerOptions.Web)!;

    public static TheoryData<string, string> Names => [.. All.Select(v => (v.Preset, v.Name))];

    public static TheoryData<string> Presets => [.. PresetCatalog.Load().All.Keys];

    public static TheoryData<string, string> Signed => [.. All.Where(v => v.SignatureHeader is not null).Select(v => (v.Preset, v.Name))];

    public static TheoryData<string, string> Timestamped => [.. All.Where(v => v.HasTimestamp).Select(v => (v.Preset, v.Name))];

    [Fact]
    public void Every_preset_that_verifies_has_a_vector() =>
        Assert.Empty(PresetCatalog.Load().All.Values.Where(p => p.Verification.Count > 0).Select(p => p.Name).Except(All.Select(v => v.Preset), StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_vector_is_accepted(string preset, string name)
    {
        var vector = Find(preset, name);

        var explanation = vector.Explain();

        Assert.True(explanation.Accepted, explanation.Verdict);
        Assert.DoesNotContain(explanation.Steps, s => s.Contains(vector.Secret, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_wrong_secret_is_refused(string preset, string name)
    {
        var vector = Find(preset, name);
        // The first character after any prefix; still of the same alphabet.
        var at = vector.Secret.StartsWith("wh", StringComparison.Ordinal) && vector.Preset == "standard-webhooks" ? vector.Secret.IndexOf('_', StringComparison.Ordinal) + 1 : 0;
        var wrong = string.Concat(vector.Secret.AsSpan(0, at), vector.Secret[at] == 'A' ? "B" : "A", vector.Secret.AsSpan(at + 1));

        Assert.False((vector with { Secret = wrong }).Explain().Accepted);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Without_its_headers_a_request_is_refused(string preset, string name)
    {
        var vector = Find(preset, name);
        foreach (var header in vector.Headers.Keys.Where(h => h != "Content-Type"))
        {
            var fewer = vector with { Headers = vector.Headers.Where(h => h.Key != header).ToDictionary(StringComparer.Ordinal) };
            Assert.False(fewer.Explain().Accepted, header);
        }
    }

    [Theory]
    [MemberData(nameof(Signed))]
    public void A_changed_byte_of_the_body_is_refused_wherever_it_is(string preset, string name)
    {
        var vector = Find(preset, name);
        var body = Encoding.UTF8.GetBytes(vector.Body);
        for (var i = 0; i < body.Length; i++)
        {
            body[i] ^= 1;
            var explanation = vector.Explain(body);
            // A form is signed by its fields: '+' and ' ' or the case of an escape are two ways to write the same one.
            var same = vector.IsForm && vector.FieldsOf(body).SequenceEqual(vector.FieldsOf(Encoding.UTF8.GetBytes(vector.Body)));
            Assert.True(explanation.Accepted == same, $"byte {i}");
            body[i] ^= 1;
        }
    }

    [Theory]
    [MemberData(nameof(Signed))]
    public void A_changed_or_cut_signature_is_refused(string preset, string name)
    {
        var vector = Find(preset, name);
        var header = vector.SignatureHeader!;
        var value = vector.Headers[header];
        foreach (var changed in new[] { value[..^4], value + "AAAA", "", value.Replace("sha256=", "sha1=", StringComparison.Ordinal).Replace("v1=", "v2=", StringComparison.Ordinal).Replace("v1,", "v1a,", StringComparison.Ordinal) })
        {
            if (changed == value)
                continue;
            var headers = new Dictionary<string, string>(vector.Headers, StringComparer.Ordinal) { [header] = changed };
            Assert.False((vector with { Headers = headers }).Explain().Accepted, changed);
        }
    }

    [Theory]
    [MemberData(nameof(Timestamped))]
    public void An_old_or_future_timestamp_is_refused(string preset, string name)
    {
        var vector = Find(preset, name);
        var tolerance = (long)PresetCatalog.Load().All[preset].Verification[0].Tolerance.TotalSeconds;

        Assert.True((vector with { At = vector.At + tolerance }).Explain().Accepted);
        Assert.True((vector with { At = vector.At - tolerance }).Explain().Accepted);
        Assert.False((vector with { At = vector.At + tolerance + 1 }).Explain().Accepted);
        Assert.False((vector with { At = vector.At - tolerance - 1 }).Explain().Accepted);
    }

    [Theory]
    [MemberData(nameof(Timestamped))]
    public void A_timestamp_put_in_place_of_the_signed_one_is_refused(string preset, string name)
    {
        var vector = Find(preset, name);
        var old = vector.Preset == "slack" ? "1531420618" : "1614265330";
        var moved = vector.Headers.ToDictionary(h => h.Key, h => h.Value.Replace(old, (long.Parse(old, System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal), StringComparer.Ordinal);

        Assert.False((vector with { Headers = moved }).Explain().Accepted);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Two_secrets_are_valid_while_one_is_replaced(string preset, string name)
    {
        var vector = Find(preset, name);
        if (vector.Secret.StartsWith("wh", StringComparison.Ordinal) && vector.Preset == "standard-webhooks")
            Assert.True(vector.Explain(extraSecret: vector.Secret[..6] + Convert.ToBase64String(new byte[32])).Accepted);
        else if (vector.Preset == "telnyx")
            Assert.True(vector.Explain(extraSecret: Convert.ToBase64String(new byte[32])).Accepted);
        else
            Assert.True(vector.Explain(extraSecret: "another one").Accepted);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_secret_of_another_vector_is_refused_by_every_scheme_of_the_preset(string preset, string name)
    {
        var vector = Find(preset, name);
        foreach (var other in All.Where(v => v.Secret != vector.Secret).Select(v => v.Secret).Distinct(StringComparer.Ordinal))
        {
            // A secret that is none for this sender stops the start, which refuses even more.
            bool accepted;
            try
            {
                accepted = (vector with { Secret = other }).Explain().Accepted;
            }
            catch (OptionsValidationException)
            {
                accepted = false;
            }

            Assert.False(accepted, other);
        }
    }

    [Fact]
    public void Every_scheme_with_a_timestamp_has_a_vector_that_holds_it() => Assert.Equal(
        PresetCatalog.Load().All.Values.Where(p => p.Verification.Any(v => v.TimestampHeader is not null || v.TimestampKey is not null)).Select(p => p.Name).Order(StringComparer.Ordinal),
        All.Where(v => v.HasTimestamp).Select(v => v.Preset).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Presets))]
    public void Any_source_can_want_a_header_a_secret_address_or_an_address_list_besides(string preset)
    {
        var all = PresetCatalog.Load();
        var sample = all.All[preset].Samples[0];
        var body = sample.Form is { } form ? Encoding.UTF8.GetBytes(form) : Encoding.UTF8.GetBytes(sample.Body.GetRawText());
        var none = new Dictionary<string, string>(StringComparer.Ordinal);
        bool Accepted(SourceOptions options, Dictionary<string, string> headers, string? url, string ip) =>
            Vector.Explainer(options).Explain("source", new CapturedRequest(headers, body, UrlSecret: url, RemoteIp: IPAddress.Parse(ip), Url: "https://x.example/webhooks/source"))!.Accepted;

        var token = new SourceOptions { Preset = preset, HeaderToken = new HeaderTokenOptions { Name = "X-Own", Values = ["old", "new"] } };
        Assert.True(Accepted(token, new(StringComparer.Ordinal) { ["X-Own"] = "old" }, null, "192.0.2.1"));
        Assert.True(Accepted(token, new(StringComparer.Ordinal) { ["X-Own"] = "new" }, null, "192.0.2.1"));
        Assert.False(Accepted(token, new(StringComparer.Ordinal) { ["X-Own"] = "neu" }, null, "192.0.2.1"));
        Assert.False(Accepted(token, none, null, "192.0.2.1"));

        var address = new SourceOptions { Preset = preset, UrlSecrets = ["right"] };
        Assert.True(Accepted(address, none, "right", "192.0.2.1"));
        Assert.False(Accepted(address, none, "Right", "192.0.2.1"));
        Assert.False(Accepted(address, none, null, "192.0.2.1"));

        var list = new SourceOptions { Preset = preset, AllowedIps = ["192.0.2.0/25"] };
        Assert.True(Accepted(list, none, null, "192.0.2.127"));
        Assert.False(Accepted(list, none, null, "192.0.2.128"));

        // With none of them, and no secret of the sender's own, nothing is taken.
        Assert.False(Accepted(new SourceOptions { Preset = preset }, none, null, "192.0.2.1"));
    }

    [Fact]
    public void A_failing_signature_is_explained_without_the_secret()
    {
        var vector = Find("github", "published by GitHub");

        var explanation = vector.Explain("Hello, World?"u8.ToArray());

        Assert.Equal("the signature in header X-Hub-Signature-256 does not match", explanation.Verdict);
        Assert.Contains(explanation.Steps, s => s.Contains("13 bytes", StringComparison.Ordinal) && s.Contains("Hello, World?", StringComparison.Ordinal));
        Assert.Contains(explanation.Steps, s => s.Contains("would begin sha256=", StringComparison.Ordinal));
        Assert.DoesNotContain(explanation.Steps, s => s.Contains("Secret to Everybody", StringComparison.Ordinal));
    }

    [Fact]
    public void A_scheme_of_ones_own_is_verified()
    {
        var options = new SourceOptions
        {
            Preset = "generic",
            Secrets = ["00ff10"],
            Signature = new SignatureOptions { Header = "X-Sig", Algorithm = "sha512", Encoding = "base64", Prefix = "s=", Signed = "{id}:{timestamp}:{body}", IdHeader = "X-Id", TimestampHeader = "X-At", TimestampUnit = "ms", SecretEncoding = "hex" },
        };
        var now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);
        var signature = Convert.ToBase64String(System.Security.Cryptography.HMACSHA512.HashData([0x00, 0xff, 0x10], "7:1700000000123:{}"u8));
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Sig"] = "s=" + signature, ["X-Id"] = "7", ["X-At"] = "1700000000123" };

        Assert.True(Vector.Explainer(options).Explain("source", new CapturedRequest(headers, "{}"u8.ToArray(), At: now))!.Accepted);
        Assert.False(Vector.Explainer(options).Explain("source", new CapturedRequest(headers, "{ }"u8.ToArray(), At: now))!.Accepted);
    }

    [Theory]
    [InlineData("203.0.113.7", true)]
    [InlineData("::ffff:203.0.113.7", true)]
    [InlineData("203.0.114.1", false)]
    [InlineData("2001:db8::5", true)]
    [InlineData("2001:db9::5", false)]
    [InlineData("198.51.100.9", true)]
    [InlineData("198.51.100.10", false)]
    [InlineData(null, false)]
    public void Only_allowed_addresses_may_send(string? ip, bool accepted)
    {
        var options = new SourceOptions { Preset = "flyflow", AllowedIps = ["203.0.113.0/24", "2001:db8::/32", "198.51.100.9"] };
        var request = new CapturedRequest(new Dictionary<string, string>(StringComparer.Ordinal), "{}"u8.ToArray(), RemoteIp: ip is null ? null : IPAddress.Parse(ip));

        Assert.Equal(accepted, Vector.Explainer(options).Explain("source", request)!.Accepted);
    }

    [Fact]
    public void Everything_that_is_configured_must_hold()
    {
        var options = new SourceOptions { Preset = "flow-ai", Secrets = ["body"], UrlSecrets = ["url"], HeaderToken = new HeaderTokenOptions { Name = "X-T", Values = ["header"] } };
        bool Accepted(string body, string url, string header) => Vector.Explainer(options).Explain("source", new CapturedRequest(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["X-T"] = header }, Encoding.UTF8.GetBytes($$"""{"verifyToken":"{{body}}"}"""), UrlSecret: url))!.Accepted;

        Assert.True(Accepted("body", "url", "header"));
        Assert.False(Accepted("wrong", "url", "header"));
        Assert.False(Accepted("body", "wrong", "header"));
        Assert.False(Accepted("body", "url", "wrong"));
    }

    private static Vector Find(string preset, string name) => All.Single(v => v.Preset == preset && v.Name == name);

    private sealed record Vector(string Name, string Preset, string Secret, Dictionary<string, string> Headers, string Body, long At, string? Url, string? Query, string? User)
    {
        public string? SignatureHeader => Headers.Keys.FirstOrDefault(h => h.Contains("signature", StringComparison.OrdinalIgnoreCase) || h.Contains("hmac", StringComparison.OrdinalIgnoreCase));

        public bool HasTimestamp => PresetCatalog.Load().All[Preset].Verification.Any(v => v.TimestampHeader is not null || v.TimestampKey is not null);

        public bool IsForm => Headers.GetValueOrDefault("Content-Type") == FormFields.ContentType;

        public IEnumerable<string> FieldsOf(byte[] body) => Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery("?" + Encoding.UTF8.GetString(body))
            .SelectMany(f => f.Value.Select(v => f.Key + "=" + v)).Order(StringComparer.Ordinal);

        public static VerificationExplainer Explainer(SourceOptions options)
        {
            var intake = new IntakeOptions();
            intake.Sources["source"] = options;
            return new VerificationExplainer(new SourceCatalog(Options.Create(intake), PresetCatalog.Load()), TimeProvider.System);
        }

        public VerificationExplanation Explain(byte[]? body = null, string? extraSecret = null)
        {
            var options = new SourceOptions { Preset = Preset, Secrets = extraSecret is null ? [Secret] : [extraSecret, Secret], User = User };
            return Explainer(options).Explain("source", new CapturedRequest(
                Headers, body ?? Encoding.UTF8.GetBytes(Body), Query ?? "", Url: Url, At: DateTimeOffset.FromUnixTimeSeconds(At)))!;
        }
    }
}
