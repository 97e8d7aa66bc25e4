using System.ComponentModel.DataAnnotations;
using Automation.Intake.Sources;

namespace Automation.Intake;

/// <summary>How webhooks are taken in; bound from <c>Automation:Intake</c>.</summary>
public sealed class IntakeOptions
{
    /// <summary>The sources, by slug: the last part of <c>/webhooks/{source}</c>.</summary>
    public Dictionary<string, SourceOptions> Sources { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether sources that verify nothing are served on addresses other than loopback. Default false.</summary>
    public bool AllowOpenSources { get; set; }

    /// <summary>Largest body, in bytes, where the source sets none. Default 1 MiB.</summary>
    [Range(1_024, 268_435_456)]
    public int MaxBodyBytes { get; set; } = 1024 * 1024;

    /// <summary>Requests allowed in each <see cref="RateWindow"/> from all senders together; more are answered 429. Default: no limit.</summary>
    [Range(1, 10_000_000)]
    public int? RateLimit { get; set; }

    /// <summary>Time that <see cref="RateLimit"/> is counted over. Default 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RateWindow { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests that are answered at the same time; more are told to come again (503, <c>Retry-After</c>). Default 5,000.</summary>
    [Range(1, 100_000)]
    public int MaxConcurrentRequests { get; set; } = 5_000;

    /// <summary>How long a body may take to arrive. Default 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Refused requests that leave a row in the event log, per second on average; ten seconds' worth may come at once.
    /// More are refused without a row, so that nobody can fill the disk with requests that are not events. Default 20.
    /// </summary>
    [Range(0, 10_000)]
    public int RejectedRowsPerSecond { get; set; } = 20;

    /// <summary>
    /// Accepted events that are logged one by one, per second; more are summed up in one line a second. Default 10.
    /// </summary>
    [Range(0, 10_000)]
    public int LoggedEventsPerSecond { get; set; } = 10;

    /// <summary>
    /// The server's address as senders know it (<c>https://hooks.example.com</c>), for schemes that sign the URL. By
    /// default it is taken from the request.
    /// </summary>
    public string? PublicUrl { get; set; }

    /// <summary>Folder with further presets, one JSON file each; none by default.</summary>
    public string? PresetsDirectory { get; set; }

    /// <summary>The mapping rules. Default <c>workflows/mappings.json</c>, relative to the content root.</summary>
    [Required]
    public string MappingsFile { get; set; } = Path.Combine("workflows", "mappings.json");

    /// <summary>
    /// How long an event waits for an instance of its session that is busy, and takes such events, to wait for it.
    /// Default 1 minute.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SessionHold { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Events that are routed at the same time; those of one correlation key follow one another. Default 64.</summary>
    [Range(1, 4_096)]
    public int RoutingConcurrency { get; set; } = 64;

    /// <summary>
    /// Events that wait in memory to be routed. More are read back from the event log once there is room. Default 20,000.
    /// </summary>
    [Range(16, 1_000_000)]
    public int RoutingQueue { get; set; } = 20_000;

    /// <summary>
    /// How long the event log keeps events; those still to be routed are always kept. Dedupe keys go with their events.
    /// Default 90 days.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan? RetentionAge { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Most events that the log keeps. Default: no limit.</summary>
    [Range(1_000, int.MaxValue)]
    public int? RetentionCount { get; set; }

    /// <summary>Most bytes of bodies and headers that the log keeps; looked at every ten minutes. Default: no limit.</summary>
    [Range(1_000_000, long.MaxValue)]
    public long? RetentionBytes { get; set; }
}

/// <summary>One source of events. Whatever is configured here to verify it must hold; nothing at all only with <see cref="Open"/>.</summary>
public sealed class SourceOptions
{
    /// <summary>The preset that describes the sender. Default: the one named as the source.</summary>
    public string? Preset { get; set; }

    /// <summary>Whether events are taken although nothing verifies them. Default false.</summary>
    public bool Open { get; set; }

    /// <summary>
    /// Secrets, signing keys or public keys for the preset's own verification schemes. Several are valid at once, so
    /// that one can be replaced without a gap.
    /// </summary>
    public List<string> Secrets { get; set; } = [];

    /// <summary>Which of the preset's schemes is wanted, by name. Default: any of them that the secrets fit.</summary>
    public string? Scheme { get; set; }

    /// <summary>User name where the preset's scheme is Basic; the secrets are the passwords.</summary>
    public string? User { get; set; }

    /// <summary>How far a signed timestamp may be from now, in place of what the preset says.</summary>
    public TimeSpan? Tolerance { get; set; }

    /// <summary>A signature scheme of the source's own, in place of the preset's.</summary>
    public SignatureOptions? Signature { get; set; }

    /// <summary>A secret token wanted in a header.</summary>
    public HeaderTokenOptions? HeaderToken { get; set; }

    /// <summary>An ID token of OpenID Connect that proves the sender, beside what the secrets prove: one of them must hold.</summary>
    public IdTokenOptions? IdToken { get; set; }

    /// <summary>Secrets wanted as the last segment of the URL: <c>/webhooks/{source}/{secret}</c>.</summary>
    public List<string> UrlSecrets { get; set; } = [];

    /// <summary>Addresses and networks (<c>203.0.113.0/24</c>) that events may come from.</summary>
    public List<string> AllowedIps { get; set; } = [];

    /// <summary>Tokens that the sender repeats in its handshake (<c>hub.verify_token</c>), where its preset has one.</summary>
    public List<string> VerifyTokens { get; set; } = [];

    /// <summary>Largest body, in bytes. Default: that of the intake.</summary>
    public int? MaxBodyBytes { get; set; }

    /// <summary>Requests allowed in each <see cref="RateWindow"/>. Default: no limit.</summary>
    public int? RateLimit { get; set; }

    /// <summary>Time that <see cref="RateLimit"/> is counted over. Default 1 second.</summary>
    public TimeSpan RateWindow { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Requests that are answered at the same time; more are told to come again (503). Default: that of the intake.</summary>
    public int? MaxConcurrentRequests { get; set; }

    /// <summary>How long a dedupe key is remembered. Default: what the preset says.</summary>
    public TimeSpan? DedupeWindow { get; set; }

    /// <summary>How workflows answer the source's events. Default: what the preset says.</summary>
    public SourceReplyOptions? Reply { get; set; }

    /// <summary>Template of the event type, in place of the preset's.</summary>
    public string? Type { get; set; }

    /// <summary>Template of the correlation key, in place of the preset's.</summary>
    public string? Correlation { get; set; }

    /// <summary>Template of the dedupe key, in place of the preset's.</summary>
    public string? DedupeKey { get; set; }

    /// <summary>Template of the event's time, in place of the preset's.</summary>
    public string? Time { get; set; }
}

/// <summary>How workflows answer a source's events while the sender's request waits.</summary>
public sealed class SourceReplyOptions
{
    /// <summary>Whether requests wait for a workflow's reply. Default: what the preset says; acknowledged otherwise.</summary>
    public bool? Enabled { get; set; }

    /// <summary>From the arrival of a request to its answer, at most. Default: what the preset says, or 5 seconds.</summary>
    public TimeSpan? Deadline { get; set; }

    /// <summary>Status of the answer where no reply comes in time. Default: what the preset says.</summary>
    public int? FallbackStatus { get; set; }

    /// <summary>Body of the answer where no reply comes in time: JSON, or else plain text. Default: what the preset says.</summary>
    public string? FallbackBody { get; set; }

    /// <summary>Hosts that reply URLs may have; <c>*</c> stands for any characters. Default: any public one.</summary>
    public List<string> AllowedReplyHosts { get; set; } = [];
}

/// <summary>A token that must stand in a header.</summary>
public sealed class HeaderTokenOptions
{
    /// <summary>The header. Default <c>X-Webhook-Token</c>.</summary>
    public string Name { get; set; } = "X-Webhook-Token";

    /// <summary>Text before the token, for example <c>Bearer </c>.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>The tokens that are valid.</summary>
    public List<string> Values { get; set; } = [];
}

/// <summary>
/// An ID token (RS256) in the header <c>Authorization: Bearer …</c>, as Dialogflow CX and Google Pub/Sub send.
/// </summary>
public sealed class IdTokenOptions
{
    /// <summary>Who signs the tokens; its keys are found below <c>/.well-known/openid-configuration</c>. Default Google.</summary>
    public string Authority { get; set; } = "https://accounts.google.com";

    /// <summary>What the token must be made for: with Dialogflow CX the webhook's whole URL without its query.</summary>
    public List<string> Audiences { get; set; } = [];

    /// <summary>Accounts that may send, such as the service agent of the sender's project.</summary>
    public List<string> Emails { get; set; } = [];
}

/// <summary>A signature scheme with every part of it configurable; the meaning is that of a preset's scheme.</summary>
public sealed class SignatureOptions
{
    /// <summary><c>hmac</c> or <c>ed25519</c>. Default <c>hmac</c>.</summary>
    public string Kind { get; set; } = "hmac";

    /// <summary>The header with the signature. Default <c>X-Signature</c>.</summary>
    public string Header { get; set; } = "X-Signature";

    /// <summary>Text before the signature, for example <c>sha256=</c>.</summary>
    public string Prefix { get; set; } = "";

    /// <summary><c>plain</c>, <c>list</c> or <c>pairs</c>. Default <c>plain</c>.</summary>
    public string Format { get; set; } = "plain";

    /// <summary>The signature's key where the format is <c>pairs</c>.</summary>
    public string Key { get; set; } = "";

    /// <summary><c>sha1</c>, <c>sha256</c> or <c>sha512</c>. Default <c>sha256</c>.</summary>
    public string Algorithm { get; set; } = "sha256";

    /// <summary><c>hex</c> or <c>base64</c>. Default <c>hex</c>.</summary>
    public string Encoding { get; set; } = "hex";

    /// <summary>The signed text. Default <c>{body}</c>.</summary>
    public string Signed { get; set; } = "{body}";

    /// <summary>Header of the delivery id where the signed text has <c>{id}</c>.</summary>
    public string? IdHeader { get; set; }

    /// <summary>Header of the timestamp where the signed text has <c>{timestamp}</c>.</summary>
    public string? TimestampHeader { get; set; }

    /// <summary>Key of the timestamp where the format is <c>pairs</c>.</summary>
    public string? TimestampKey { get; set; }

    /// <summary><c>s</c> or <c>ms</c>. Default <c>s</c>.</summary>
    public string TimestampUnit { get; set; } = "s";

    /// <summary>How the secret is written: <c>text</c>, <c>base64</c> or <c>hex</c>. Default <c>text</c>.</summary>
    public string SecretEncoding { get; set; } = "text";

    /// <summary>The signature as presets describe theirs.</summary>
    public VerificationScheme ToScheme() => new()
    {
        Name = "signature",
        Kind = Kind,
        Headers = [Header],
        Prefix = Prefix,
        Format = Format,
        Key = Key,
        Algorithm = Algorithm,
        Encoding = Encoding,
        Signed = Signed,
        IdHeader = IdHeader,
        TimestampHeader = TimestampHeader,
        TimestampKey = TimestampKey,
        TimestampUnit = TimestampUnit,
        SecretEncoding = SecretEncoding,
    };
}
