using System.Text.Json;
using Automation.Dashboard.Sources;
using Automation.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Automation.Dashboard.Tests.Sources;

public sealed class SourceFormTests
{
    [Fact]
    public void A_signature_and_an_authority_are_described_in_the_form_and_come_back_to_it()
    {
        var fields = new FormCollection(new Dictionary<string, StringValues>(StringComparer.Ordinal)
        {
            ["slug"] = "acme", ["preset"] = "generic", ["secret"] = "c2VjcmV0", ["tolerance"] = "00:10:00",
            ["signatureHeader"] = "X-Acme", ["signaturePrefix"] = "", ["signatureAlgorithm"] = "sha512", ["signatureEncoding"] = "base64", ["signatureKind"] = "hmac",
            ["signatureFormat"] = "pairs", ["signatureKey"] = "v1", ["signatureTimestampKey"] = "t", ["signatureUnit"] = "ms", ["signatureId"] = "X-Id", ["signatureSecret"] = "base64",
            ["signatureSigned"] = "{id}.{timestamp}.{body}", ["signatureTimestamp"] = "",
            ["authority"] = "https://id.example.com", ["audiences"] = "https://me.example.com", ["emails"] = "a@example.com",
        });

        var settings = SourceForm.Of(fields).ToSettings(new SourceOptions(), []);

        var signature = settings.Signature!;
        Assert.Equal(("X-Acme", "pairs", "v1", "t", "ms"), (signature.Header, signature.Format, signature.Key, signature.TimestampKey, signature.TimestampUnit));
        Assert.Equal(("sha512", "base64", "base64", "X-Id", "{id}.{timestamp}.{body}"), (signature.Algorithm, signature.Encoding, signature.SecretEncoding, signature.IdHeader, signature.Signed));
        Assert.Null(signature.TimestampHeader);
        Assert.Equal(("https://id.example.com", TimeSpan.FromMinutes(10)), (settings.IdToken!.Authority, settings.Tolerance));

        // Saved again as it is shown, nothing of it changes.
        var again = SourceForm.Of("acme", settings).ToSettings(settings, []);
        Assert.Equal(JsonSerializer.Serialize(settings), JsonSerializer.Serialize(again));

        var wrong = Assert.Throws<FormatException>(() => (SourceForm.Of(fields) with { Tolerance = "soon" }).ToSettings(new SourceOptions(), []));
        Assert.Contains("00:05:00", wrong.Message, StringComparison.Ordinal);
    }
}
