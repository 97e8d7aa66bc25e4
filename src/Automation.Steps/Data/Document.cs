using System.Text.Json.Nodes;

namespace Automation.Steps.Data;

/// <summary>A stored JSON document.</summary>
/// <param name="Collection">The collection that it belongs to.</param>
/// <param name="Key">Its name there.</param>
/// <param name="Version">Counts its changes from 1.</param>
/// <param name="Body">The JSON.</param>
/// <param name="CreatedAt">When it was first stored.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
/// <param name="ExpiresAt">When it is gone by itself; null for never.</param>
public sealed record Document(string Collection, string Key, long Version, string Body, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? ExpiresAt);

/// <summary>A change to one document that needs to know what is there.</summary>
/// <param name="Change">From the present JSON (null where there is no document) to the new one; null leaves things as they are.</param>
internal sealed record DocumentChange(Func<JsonNode?, JsonNode?> Change)
{
    /// <summary>The version that must be there; 0 for no document, null for any.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>How long the document lives from now; null keeps what is there.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Makes the change happen once however often it is asked for; null where that does not matter.</summary>
    public string? OperationId { get; init; }
}

/// <summary>What came of a change.</summary>
/// <param name="Document">The document as it is now; null where there is none.</param>
/// <param name="IsConflict">Whether another version was there than expected.</param>
internal sealed record DocumentChanged(Document? Document, bool IsConflict);

/// <summary>A document, or a change to one, is not possible; the message says what is wrong and what is allowed.</summary>
public sealed class DocumentException : Exception
{
    internal DocumentException(string message)
        : base(message)
    {
    }
}
