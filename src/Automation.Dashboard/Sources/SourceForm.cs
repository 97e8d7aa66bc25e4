using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Automation.Intake;
using Automation.Intake.Sources;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Sources;

/// <summary>A source as the form has it. Secrets that are there already are named by their place in it, never shown.</summary>
public sealed record SourceForm
{
    /// <summary>The last part of the source's path.</summary>
    public string Slug { get; init; } = "";

    /// <summary>Name of the preset.</summary>
    public string Preset { get; init; } = "generic";

    /// <summary>One more secret of the sender's own scheme.</summary>
    public string Secret { get; init; } = "";

    /// <summary>The one scheme that is wanted; empty for any that the secrets fit.</summary>
    public string Scheme { get; init; } = "";

    /// <summary>User name, where the scheme is Basic.</summary>
    public string User { get; init; } = "";

    /// <summary>Header of a token; empty where none is wanted.</summary>
    public string TokenHeader { get; init; } = "";

    /// <summary>Text before the token.</summary>
    public string TokenPrefix { get; init; } = "";

    /// <summary>One more token; made up where the header is named and there is none.</summary>
    public string Token { get; init; } = "";

    /// <summary>Whether one more secret address is made up.</summary>
    public bool NewAddress { get; init; }

    /// <summary>Addresses and networks, one a line.</summary>
    public string AllowedIps { get; init; } = "";

    /// <summary>Audiences of ID tokens, one a line.</summary>
    public string Audiences { get; init; } = "";

    /// <summary>Accounts of ID tokens, one a line.</summary>
    public string Emails { get; init; } = "";

    /// <summary>Header of a signature of the source's own; empty where none is wanted.</summary>
    public string SignatureHeader { get; init; } = "";

    /// <summary>Text before the signature.</summary>
    public string SignaturePrefix { get; init; } = "";

    /// <summary>Hash of the signature.</summary>
    public string SignatureAlgorithm { get; init; } = "sha256";

    /// <summary>How the signature is written.</summary>
    public string SignatureEncoding { get; init; } = "hex";

    /// <summary>The signed text.</summary>
    public string SignatureSigned { get; init; } = "{body}";

    /// <summary>Header of the signed time.</summary>
    public string SignatureTimestamp { get; init; } = "";

    /// <summary><c>hmac</c> or <c>ed25519</c>.</summary>
    public string SignatureKind { get; init; } = "hmac";

    /// <summary>How the header is made up: <c>plain</c>, <c>list</c> or <c>pairs</c>.</summary>
    public string SignatureFormat { get; init; } = "plain";

    /// <summary>Key of the signature in a header of pairs.</summary>
    public string SignatureKey { get; init; } = "";

    /// <summary>Key of the signed time in a header of pairs.</summary>
    public string SignatureTimestampKey { get; init; } = "";

    /// <summary>Unit of the signed time.</summary>
    public string SignatureUnit { get; init; } = "s";

    /// <summary>Header of the delivery's id, where it is signed.</summary>
    public string SignatureId { get; init; } = "";

    /// <summary>How the secret is written.</summary>
    public string SignatureSecret { get; init; } = "text";

    /// <summary>How far signed times may be from now, hh:mm:ss; empty for the preset's.</summary>
    public string Tolerance { get; init; } = "";

    /// <summary>Who signs ID tokens; empty for Google.</summary>
    public string Authority { get; init; } = "";

    /// <summary>Whether events are taken although nothing verifies them.</summary>
    public bool Open { get; init; }

    /// <summary>Template of the event type.</summary>
    public string Type { get; init; } = "";

    /// <summary>Template of the correlation key.</summary>
    public string Correlation { get; init; } = "";

    /// <summary>Template of the dedupe key.</summary>
    public string DedupeKey { get; init; } = "";

    /// <summary>Template of the event's time.</summary>
    public string Time { get; init; } = "";

    /// <summary>Requests in each second; empty for no limit.</summary>
    public string RateLimit { get; init; } = "";

    /// <summary>A payload that was pasted.</summary>
    public string Sample { get; init; } = "";

    /// <summary>Secrets to take away, such as <c>secret:0</c>.</summary>
    public IReadOnlyList<string> Drop { get; init; } = [];

    internal static SourceForm Of(string slug, SourceOptions settings) => new()
    {
        Slug = slug,
        Preset = settings.Preset ?? slug,
        Scheme = settings.Scheme ?? "",
        User = settings.User ?? "",
        TokenHeader = settings.HeaderToken?.Name ?? "",
        TokenPrefix = settings.HeaderToken?.Prefix ?? "",
        AllowedIps = string.Join('\n', settings.AllowedIps),
        Audiences = string.Join('\n', settings.IdToken?.Audiences ?? []),
        Emails = string.Join('\n', settings.IdToken?.Emails ?? []),
        SignatureHeader = settings.Signature?.Header ?? "",
        SignaturePrefix = settings.Signature?.Prefix ?? "",
        SignatureAlgorithm = settings.Signature?.Algorithm ?? "sha256",
        SignatureEncoding = settings.Signature?.Encoding ?? "hex",
        SignatureSigned = settings.Signature?.Signed ?? "{body}",
        SignatureTimestamp = settings.Signature?.TimestampHeader ?? "",
        SignatureKind = settings.Signature?.Kind ?? "hmac",
        SignatureFormat = settings.Signature?.Format ?? "plain",
        SignatureKey = settings.Signature?.Key ?? "",
        SignatureTimestampKey = settings.Signature?.TimestampKey ?? "",
        SignatureUnit = settings.Signature?.TimestampUnit ?? "s",
        SignatureId = settings.Signature?.IdHeader ?? "",
        SignatureSecret = settings.Signature?.SecretEncoding ?? "text",
        Tolerance = settings.Tolerance?.ToString("c", CultureInfo.InvariantCulture) ?? "",
        Authority = settings.IdToken is { } token && token.Authority != new IdTokenOptions().Authority ? token.Authority : "",
        Open = settings.Open,
        Type = settings.Type ?? "",
        Correlation = settings.Correlation ?? "",
        DedupeKey = settings.DedupeKey ?? "",
        Time = settings.Time ?? "",
        RateLimit = settings.RateLimit?.ToString(CultureInfo.InvariantCulture) ?? "",
    };

    internal static SourceForm Of(IFormCollection form) => new()
    {
        Slug = Field(form, "slug"),
        Preset = Field(form, "preset"),
        Secret = Field(form, "secret"),
        Scheme = Field(form, "scheme"),
        User = Field(form, "user"),
        TokenHeader = Field(form, "tokenHeader"),
        // A blank at the end belongs to it.
        TokenPrefix = form["tokenPrefix"].ToString(),
        Token = Field(form, "token"),
        NewAddress = form["newAddress"] == "on",
        AllowedIps = Field(form, "allowedIps"),
        Audiences = Field(form, "audiences"),
        Emails = Field(form, "emails"),
        SignatureHeader = Field(form, "signatureHeader"),
        SignaturePrefix = form["signaturePrefix"].ToString(),
        SignatureAlgorithm = Field(form, "signatureAlgorithm"),
        SignatureEncoding = Field(form, "signatureEncoding"),
        SignatureSigned = Field(form, "signatureSigned"),
        SignatureTimestamp = Field(form, "signatureTimestamp"),
        SignatureKind = Field(form, "signatureKind"),
        SignatureFormat = Field(form, "signatureFormat"),
        SignatureKey = Field(form, "signatureKey"),
        SignatureTimestampKey = Field(form, "signatureTimestampKey"),
        SignatureUnit = Field(form, "signatureUnit"),
        SignatureId = Field(form, "signatureId"),
        SignatureSecret = Field(form, "signatureSecret"),
        Tolerance = Field(form, "tolerance"),
        Authority = Field(form, "authority"),
        Open = form["open"] == "on",
        Type = Field(form, "type"),
        Correlation = Field(form, "correlation"),
        DedupeKey = Field(form, "dedupeKey"),
        Time = Field(form, "time"),
        RateLimit = Field(form, "rateLimit"),
        Sample = Field(form, "sample"),
        Drop = [.. form["drop"].OfType<string>()],
    };

    /// <summary>The form with what the pasted payload proposes where nothing is written yet.</summary>
    internal SourceForm With(SampleAdvice advice) => this with
    {
        Type = First(Type, advice.Type),
        Correlation = First(Correlation, advice.Correlation),
        DedupeKey = First(DedupeKey, advice.DedupeKey),
        Time = First(Time, advice.Time),
    };

    /// <summary>The settings, with those that the form does not have as they were.</summary>
    /// <param name="before">What the source had.</param>
    /// <param name="made">Takes what was made up, which nobody is shown again.</param>
    internal SourceOptions ToSettings(SourceOptions before, List<string> made)
    {
        var settings = JsonSerializer.Deserialize<SourceOptions>(JsonSerializer.SerializeToUtf8Bytes(before))!;
        settings.Preset = Preset == Slug ? null : Preset;
        settings.Scheme = OrNull(Scheme);
        settings.User = OrNull(User);
        settings.Open = Open;
        settings.AllowedIps = Lines(AllowedIps);
        settings.Type = OrNull(Type);
        settings.Correlation = OrNull(Correlation);
        settings.DedupeKey = OrNull(DedupeKey);
        settings.Time = OrNull(Time);
        settings.RateLimit = RateLimit.Length == 0 ? null
            : int.TryParse(RateLimit, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) ? rate : throw new FormatException($"The rate limit is \"{RateLimit}\"; a whole number is wanted.");
        settings.Tolerance = Tolerance.Length == 0 ? null
            : TimeSpan.TryParse(Tolerance, CultureInfo.InvariantCulture, out var tolerance) ? tolerance : throw new FormatException($"Signed times may be off by \"{Tolerance}\"; hours, minutes and seconds are wanted, such as 00:05:00.");
        settings.Secrets = Kept("secret", settings.Secrets, Secret);
        settings.UrlSecrets = Kept("url", settings.UrlSecrets, "");
        if (NewAddress)
        {
            settings.UrlSecrets.Insert(0, MakeUp());
            made.Add($"Its secret address: /webhooks/{Slug}/{settings.UrlSecrets[0]}");
        }

        SetToken(settings, made);
        settings.Signature = SignatureHeader.Length == 0 ? null : Signature(settings.Signature ?? new SignatureOptions());
        settings.IdToken = Audiences.Length + Emails.Length == 0 ? null : new IdTokenOptions
        {
            Authority = Authority.Length > 0 ? Authority : new IdTokenOptions().Authority,
            Audiences = Lines(Audiences),
            Emails = Lines(Emails),
        };
        return settings;
    }

    private void SetToken(SourceOptions settings, List<string> made)
    {
        if (TokenHeader.Length == 0)
        {
            settings.HeaderToken = null;
            return;
        }

        var values = Kept("token", settings.HeaderToken?.Values ?? [], Token);
        if (values.Count == 0)
        {
            values.Add(MakeUp());
            made.Add($"The token for the header {TokenHeader}: {TokenPrefix}{values[0]}");
        }

        settings.HeaderToken = new HeaderTokenOptions { Name = TokenHeader, Prefix = TokenPrefix, Values = values };
    }

    private SignatureOptions Signature(SignatureOptions signature)
    {
        signature.Header = SignatureHeader;
        signature.Prefix = SignaturePrefix;
        signature.Algorithm = SignatureAlgorithm;
        signature.Encoding = SignatureEncoding;
        signature.Signed = SignatureSigned;
        signature.TimestampHeader = OrNull(SignatureTimestamp);
        signature.Kind = SignatureKind;
        signature.Format = SignatureFormat;
        signature.Key = SignatureKey;
        signature.TimestampKey = OrNull(SignatureTimestampKey);
        signature.TimestampUnit = SignatureUnit;
        signature.IdHeader = OrNull(SignatureId);
        signature.SecretEncoding = SignatureSecret;
        return signature;
    }

    /// <summary>The new one first: it is what test events are signed with.</summary>
    private List<string> Kept(string kind, IReadOnlyList<string> before, string more) =>
        [.. more.Length > 0 ? [more] : Array.Empty<string>(), .. before.Where((_, i) => !Drop.Contains(string.Create(CultureInfo.InvariantCulture, $"{kind}:{i}"), StringComparer.Ordinal))];

    private static string MakeUp() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));

    private static string First(string own, IReadOnlyList<TemplateProposal> proposals) => own.Length > 0 || proposals.Count == 0 ? own : proposals[0].Template;

    private static string? OrNull(string text) => text.Length == 0 ? null : text;

    private static List<string> Lines(string text) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private static string Field(IFormCollection form, string name) => form[name].ToString().ReplaceLineEndings("\n").Trim();
}
