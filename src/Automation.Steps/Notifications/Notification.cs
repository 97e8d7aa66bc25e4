using System.Text.Json;
using System.Text.Json.Serialization;

namespace Automation.Steps.Notifications;

/// <summary>What has become of a notification.</summary>
public enum NotificationStatus
{
    /// <summary>Waits for the end of quiet hours, for a digest or for the channel's limit.</summary>
    Held,

    /// <summary>An attempt has failed; another follows.</summary>
    Retrying,

    /// <summary>The channel has taken it.</summary>
    Sent,

    /// <summary>Given up.</summary>
    Failed,

    /// <summary>Sent as part of a digest.</summary>
    InDigest,
}

/// <summary>What is said.</summary>
public sealed record NotificationMessage
{
    /// <summary>The subject or title.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The text.</summary>
    public string Text { get; init; } = "";

    /// <summary>The text as HTML, for e-mail.</summary>
    public string? Html { get; init; }

    /// <summary>Whether <see cref="Text"/> is in the channel's own markup rather than plain text.</summary>
    public bool IsMarkup { get; init; }

    /// <summary>Where to read more.</summary>
    public string? Link { get; init; }

    /// <summary><c>Info</c>, <c>Success</c>, <c>Warning</c> or <c>Error</c>.</summary>
    public string Severity { get; init; } = "Info";

    /// <summary>Files, for e-mail.</summary>
    public IReadOnlyList<NotificationAttachment> Attachments { get; init; } = [];

    /// <summary>Size of everything, in bytes or characters.</summary>
    [JsonIgnore]
    public long Size => Subject.Length + (long)Text.Length + (Html?.Length ?? 0) + Attachments.Sum(a => (long)a.Content.Length);
}

/// <summary>A file that goes with an e-mail.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Content">Its bytes.</param>
public sealed record NotificationAttachment(string Name, string ContentType, byte[] Content);

/// <summary>A notification and what has become of it.</summary>
public sealed record Notification
{
    /// <summary>Its id, the same on every attempt.</summary>
    public required string Id { get; init; }

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>The channel's kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Who it is for; empty where the channel itself is.</summary>
    public string Recipient { get; init; } = "";

    /// <summary>What is said.</summary>
    public required NotificationMessage Message { get; init; }

    /// <summary>What has become of it.</summary>
    public NotificationStatus Status { get; init; }

    /// <summary>Attempts so far.</summary>
    public int Attempts { get; init; }

    /// <summary>Why the last attempt failed or why it is held; for one that is sent, what the channel said, with each recipient that it refused.</summary>
    public string? Note { get; init; }

    /// <summary>The instance that asked for it.</summary>
    public string? InstanceId { get; init; }

    /// <summary>The execution of the activity.</summary>
    public string? ActivityExecutionId { get; init; }

    /// <summary>The job.</summary>
    public long? JobId { get; init; }

    /// <summary>The notification that this one stands in for, because it failed.</summary>
    public string? FallbackOf { get; init; }

    /// <summary>The digest that it went out with.</summary>
    public string? DigestId { get; init; }

    /// <summary>Whether it is held for a digest.</summary>
    public bool ForDigest { get; init; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When a held one goes out.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>When the channel took it.</summary>
    public DateTimeOffset? SentAt { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NotificationMessage))]
[JsonSerializable(typeof(ChannelOptions))]
internal sealed partial class NotificationJson : JsonSerializerContext;
