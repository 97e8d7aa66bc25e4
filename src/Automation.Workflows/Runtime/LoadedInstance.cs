using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Runtime;

/// <summary>An instance in memory. Whoever holds it holds the instance's lock, or has taken it out of the cache.</summary>
internal sealed class LoadedInstance
{
    public required CompiledWorkflow Graph { get; set; }

    public required InstanceState State { get; init; }

    /// <summary>The revision in the database; 0 for an instance that is not stored yet.</summary>
    public long Revision { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public string? ParentId { get; init; }

    /// <summary>What of the parent is still to be told.</summary>
    public ParentNotice? Notify { get; set; }

    /// <summary>Characters of the state as it was stored last: a measure of the memory that it takes.</summary>
    public int StateLength { get; set; }

    public string Id => State.Id;

    // Replaced as a whole, because jobs look while another thread may hold the instance.
    private (string OperationId, string Request)[] _requests = [];

    /// <summary>Keeps what an operation is to do, so that its job need not read it.</summary>
    public void AddRequest(string operationId, string request) => _requests = [.. _requests, (operationId, request)];

    /// <summary>What an operation is to do; null where it is not known here.</summary>
    public string? FindRequest(string operationId) => Array.Find(_requests, r => r.OperationId == operationId).Request;

    /// <summary>Forgets the requests of operations that have ended.</summary>
    public void ForgetEndedRequests()
    {
        if (_requests.Length > 0)
            _requests = Array.FindAll(_requests, r => State.Operations.Exists(o => o.Id == r.OperationId));
    }

    public InstanceSnapshot ToSnapshot() => new()
    {
        Id = State.Id,
        DefinitionId = Graph.DefinitionId,
        DefinitionVersionId = Graph.VersionId,
        SubStatus = State.SubStatus,
        CorrelationId = State.CorrelationId,
        Name = State.Name,
        IncidentCount = State.Incidents.Count,
        Revision = Revision,
        Output = State.Output,
        HasPendingOperations = State.Operations.Count > 0,
        NextDueAt = NextDueAt(),
    };

    private DateTimeOffset? NextDueAt()
    {
        DateTimeOffset? next = null;
        foreach (var bookmark in State.BookmarkList)
        {
            if (bookmark.DueAt is { } due && (next is null || due < next))
                next = due;
        }

        return next;
    }
}

/// <summary>What a child tells its parent.</summary>
/// <param name="OperationId">The operation to end as soon as the child rests; null for none.</param>
/// <param name="Stimulus">Name of the stimulus to send when the child has ended; null for none.</param>
internal sealed record ParentNotice(string? OperationId, string? Stimulus)
{
    public static ParentNotice? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        var bar = text.IndexOf('|', StringComparison.Ordinal);
        return new ParentNotice(NullIfEmpty(text[..bar]), NullIfEmpty(text[(bar + 1)..]));
    }

    public override string ToString() => $"{OperationId}|{Stimulus}";

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
