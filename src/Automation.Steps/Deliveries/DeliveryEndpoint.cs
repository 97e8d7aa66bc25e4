using System.Text.Json.Serialization;
using Automation.Steps.Editing;

namespace Automation.Steps.Deliveries;

/// <summary>How an endpoint proves where a webhook comes from (Standard Webhooks).</summary>
public enum SignatureKind
{
    /// <summary>HMAC-SHA256 with a shared secret: <c>v1</c>.</summary>
    V1,

    /// <summary>Ed25519 with a key pair: <c>v1a</c>; the receiver has the public key.</summary>
    V1a,
}

/// <summary>What a person says about an endpoint.</summary>
public sealed class EndpointSettings
{
    /// <summary>Where webhooks go.</summary>
    public string Url { get; set; } = "";

    /// <summary>What it is for.</summary>
    public string? Description { get; set; }

    /// <summary>The event types that it takes, <c>*</c> standing for any characters; empty takes all.</summary>
    public IList<string> EventTypes { get; set; } = [];

    /// <summary>Further headers. Do not put secrets here.</summary>
    public IDictionary<string, string> Headers { get; set; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether it takes deliveries. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How deliveries are signed.</summary>
    public SignatureKind Signature { get; set; }

    /// <summary>Whether deliveries with the same ordering key go out one after another, each after the one before has ended.</summary>
    public bool Ordered { get; set; }

    /// <summary>How long one attempt may take; empty for the default.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>The waits before the further attempts; null for the default.</summary>
    public IList<TimeSpan>? RetryDelays { get; set; }

    /// <summary>Most deliveries at a time; null for the default.</summary>
    public int? Concurrency { get; set; }

    /// <summary>Most attempts in a minute; null for the default.</summary>
    public int? PerMinute { get; set; }

    internal bool Takes(string eventType) => EventTypes.Count == 0 || EventTypes.Any(pattern => Matches(pattern, eventType));

    private static bool Matches(string pattern, string text) => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern.Replace("?", "\\?", StringComparison.Ordinal), text, ignoreCase: false);
}

/// <summary>A subscriber's endpoint and how it does.</summary>
public sealed record DeliveryEndpoint
{
    /// <summary>Changes with what an editor sees of it.</summary>
    [JsonIgnore]
    public string Tag => EntityTags.Of(Settings);

    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>What a person said.</summary>
    public required EndpointSettings Settings { get; init; }

    /// <summary>Its URL for everybody: what stands behind a question mark may be a password, and is for those who may change it.</summary>
    [JsonIgnore]
    public string Address => Settings.Url.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query ? Settings.Url[..query] + "?…" : Settings.Url;

    /// <summary>Why it was switched off by itself; null where it was not.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>Since when everything has failed; null where the last one succeeded.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Signing keys, encrypted; the newest first.</summary>
    internal IReadOnlyList<StoredKey> Keys { get; init; } = [];

    /// <summary>Whether deliveries go out to it.</summary>
    public bool IsActive => Settings.Enabled && DisabledReason is null;
}

/// <summary>A signing key as it is stored.</summary>
/// <param name="Protected">The encrypted key.</param>
/// <param name="Until">When it stops signing; null for the one in force.</param>
internal sealed record StoredKey(byte[] Protected, DateTimeOffset? Until);

/// <summary>A type of event that subscribers may ask for.</summary>
/// <param name="Name">Such as <c>invoice.paid</c>.</param>
/// <param name="Description">What it means.</param>
/// <param name="Schema">JSON schema of the payload; null where anything goes.</param>
public sealed record DeliveryEventType(string Name, string? Description, string? Schema);

/// <summary>What has become of a delivery.</summary>
public enum DeliveryStatus
{
    /// <summary>Waits for its first or next attempt.</summary>
    Pending,

    /// <summary>The endpoint has taken it.</summary>
    Succeeded,

    /// <summary>Given up.</summary>
    Failed,
}

/// <summary>One event for one endpoint.</summary>
public sealed record Delivery
{
    /// <summary>Its id, sent as <c>webhook-id</c>, the same on every attempt.</summary>
    public required string Id { get; init; }

    /// <summary>The endpoint.</summary>
    public required string EndpointId { get; init; }

    /// <summary>The event's type.</summary>
    public required string EventType { get; init; }

    /// <summary>The body, as it is sent.</summary>
    public required string Payload { get; init; }

    /// <summary>What is sent one after another; null where order does not matter.</summary>
    public string? OrderingKey { get; init; }

    /// <summary>What has become of it.</summary>
    public DeliveryStatus Status { get; init; }

    /// <summary>Attempts so far.</summary>
    public int Attempts { get; init; }

    /// <summary>When the next attempt is due.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>The last answer's status.</summary>
    public int? StatusCode { get; init; }

    /// <summary>Why the last attempt failed.</summary>
    public string? Error { get; init; }

    /// <summary>The instance that asked for it.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The execution of the activity.</summary>
    public string? ActivityExecutionId { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}

/// <summary>One attempt of a delivery.</summary>
/// <param name="Number">Counts from 1.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="DurationMs">How long it took.</param>
/// <param name="StatusCode">The answer's status; null where there was none.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="Response">Beginning of the answer's body.</param>
public sealed record DeliveryAttempt(int Number, DateTimeOffset StartedAt, double DurationMs, int? StatusCode, string? Error, string? Response);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EndpointSettings))]
[JsonSerializable(typeof(IReadOnlyList<StoredKey>))]
[JsonSerializable(typeof(List<StoredKey>))]
internal sealed partial class DeliveryJson : JsonSerializerContext;
