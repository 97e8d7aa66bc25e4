using System.Text.Json;

namespace Automation.Intake.Sources;

/// <summary>
/// What is known about a sender, as data: how its events are told apart, verified and answered, with samples. Templates
/// hold <c>{payload.path}</c>, <c>{header:NAME}</c>, <c>{query:NAME}</c>,
/// <c>{body|sha256}</c>, with <c>|lower</c>. Where a list of templates stands, the first one whose values are all there counts.
/// </summary>
/// <remarks>Settable because generated JSON reading gives init-only members their type's default instead of theirs.</remarks>
public sealed record Preset
{
    /// <summary>The name that a source refers to.</summary>
    public required string Name { get; init; }

    /// <summary>The sender's name for people.</summary>
    public required string Title { get; init; }

    /// <summary>Content types taken; <c>application/json</c> also stands for every <c>application/*+json</c>.</summary>
    public IReadOnlyList<string> ContentTypes { get; set; } = ["application/json"];

    /// <summary>The event's type. An event without one is refused (400).</summary>
    public IReadOnlyList<string> Type { get; set; } = [];

    /// <summary>What events of the same call, session or thread have in common; they are routed one after another.</summary>
    public IReadOnlyList<string> Correlation { get; set; } = [];

    /// <summary>How repeated deliveries are known.</summary>
    public DedupeRule Dedupe { get; set; } = new();

    /// <summary>When it happened at the sender: ISO 8601, or Unix seconds, milliseconds or microseconds.</summary>
    public IReadOnlyList<string> Time { get; set; } = [];

    /// <summary>The ways in which the sender can prove itself; any one of them that the source has secrets for will do.</summary>
    public IReadOnlyList<VerificationScheme> Verification { get; set; } = [];

    /// <summary>The answer that the sender takes as "received".</summary>
    public AnswerForm Acknowledge { get; set; } = new();

    /// <summary>How the sender takes replies in its answer; null where it wants to be acknowledged only.</summary>
    public ReplyForm? Reply { get; set; }

    /// <summary>The question that the sender asks before it sends events, where it asks one.</summary>
    public ChallengeForm? Challenge { get; set; }

    /// <summary>Payloads to test with.</summary>
    public IReadOnlyList<SampleEvent> Samples { get; set; } = [];

    /// <summary>Event types that the sender documents; those of the samples need not be repeated.</summary>
    public IReadOnlyList<string> Types { get; set; } = [];

    /// <summary>All event types that are known, in the order in which the preset names them.</summary>
    internal IEnumerable<string> KnownTypes => Types.Concat(Samples.Select(s => s.Type).OfType<string>()).Distinct(StringComparer.Ordinal);
}

/// <summary>How repeated deliveries are known.</summary>
public sealed record DedupeRule
{
    /// <summary>The key that is the same for each delivery of one event; the body's hash where none applies.</summary>
    public IReadOnlyList<string> Key { get; set; } = [];

    /// <summary>How long a key is remembered. Default 7 days; 10 seconds where the key is the body's hash.</summary>
    public TimeSpan? Window { get; set; }
}

/// <summary>An HTTP answer.</summary>
public sealed record AnswerForm
{
    /// <summary>Status code. Default 200.</summary>
    public int Status { get; set; } = 200;

    /// <summary>JSON body; none by default.</summary>
    public JsonElement? Body { get; set; }
}

/// <summary>How a sender takes replies that workflows make while its request waits.</summary>
public sealed record ReplyForm
{
    /// <summary>From the arrival of the request to its answer, at most.</summary>
    public TimeSpan Deadline { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What the sender takes as "nothing". Default: the answer that acknowledges.</summary>
    public AnswerForm? Fallback { get; set; }

    /// <summary>Event types that want an answer; <c>*</c> stands for any characters. Default: all.</summary>
    public IReadOnlyList<string> Types { get; set; } = ["*"];

    /// <summary>Event types that take no answer.</summary>
    public IReadOnlyList<string> Never { get; set; } = [];

    /// <summary>Template of the address that takes replies later, such as <c>{replyUrl}</c>.</summary>
    public string? Url { get; set; }
}

/// <summary>A handshake: the sender asks, and wants part of its question back.</summary>
public sealed record ChallengeForm
{
    /// <summary><c>query</c>: a GET whose query asks. <c>body</c>: a POST whose body asks, verified as events are.</summary>
    public required string Kind { get; init; }

    /// <summary>Templates and the values they must have for a request to be a challenge.</summary>
    public IReadOnlyDictionary<string, string> When { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Template whose value must be one of the source's verify tokens, where the sender sends one.</summary>
    public string? Token { get; set; }

    /// <summary>Template of the answer, sent as plain text.</summary>
    public required string Answer { get; init; }
}

/// <summary>A payload that the sender sends, for tests and for trying out a workflow.</summary>
public sealed record SampleEvent
{
    /// <summary>Name of the sample, mostly the event type.</summary>
    public required string Name { get; init; }

    /// <summary>The JSON payload.</summary>
    public JsonElement Body { get; set; }

    /// <summary>The body of a form post, in place of <see cref="Body"/>.</summary>
    public string? Form { get; set; }

    /// <summary>Headers that go with it, signatures apart.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The event type that it is identified as.</summary>
    public string? Type { get; set; }
}

/// <summary>One way to verify a sender; which members count depends on <see cref="Kind"/>.</summary>
public sealed record VerificationScheme
{
    /// <summary>Name in verdicts and in the source's <c>Scheme</c> setting.</summary>
    public required string Name { get; init; }

    /// <summary><c>hmac</c>, <c>ed25519</c>, <c>token</c> (header), <c>body-token</c> or <c>basic</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Headers that may hold the token or signature; the first one present counts.</summary>
    public IReadOnlyList<string> Headers { get; set; } = [];

    /// <summary>Text before the token or signature (<c>sha256=</c>, <c>Bearer </c>, <c>v1,</c>).</summary>
    public string Prefix { get; set; } = "";

    /// <summary>
    /// How the header is laid out: <c>plain</c>, <c>list</c> (several signatures parted by spaces) or <c>pairs</c>
    /// (<c>key=value</c> parted by commas).
    /// </summary>
    public string Format { get; set; } = "plain";

    /// <summary>The key of the signature where the format is <c>pairs</c>.</summary>
    public string Key { get; set; } = "";

    /// <summary><c>sha1</c>, <c>sha256</c> or <c>sha512</c>.</summary>
    public string Algorithm { get; set; } = "sha256";

    /// <summary>How the signature is written: <c>hex</c> or <c>base64</c>.</summary>
    public string Encoding { get; set; } = "hex";

    /// <summary>
    /// The signed text: <c>{body}</c>, <c>{timestamp}</c>, <c>{id}</c>, <c>{url}</c>, <c>{form}</c> (fields sorted by
    /// name, names and values run together) and literal text.
    /// </summary>
    public string Signed { get; set; } = "{body}";

    /// <summary>Header of the delivery id, where it is signed.</summary>
    public string? IdHeader { get; set; }

    /// <summary>Header of the timestamp.</summary>
    public string? TimestampHeader { get; set; }

    /// <summary>Key of the timestamp where the format is <c>pairs</c>.</summary>
    public string? TimestampKey { get; set; }

    /// <summary>Unit of the timestamp: <c>s</c> or <c>ms</c>.</summary>
    public string TimestampUnit { get; set; } = "s";

    /// <summary>How far the timestamp may be from now. Default 5 minutes.</summary>
    public TimeSpan Tolerance { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How the secret is written: <c>text</c>, <c>base64</c> or <c>hex</c>.</summary>
    public string SecretEncoding { get; set; } = "text";

    /// <summary>Text before the encoded secret (<c>whsec_</c>), taken off where it stands. A secret with another prefix is not for this scheme.</summary>
    public string SecretPrefix { get; set; } = "";

    /// <summary>Payload path of the token where the kind is <c>body-token</c>.</summary>
    public string Path { get; set; } = "";

    /// <summary>Query parameter with the hex SHA-256 of a body that is no form, where the URL is signed instead of the body.</summary>
    public string? BodyHashQuery { get; set; }
}
