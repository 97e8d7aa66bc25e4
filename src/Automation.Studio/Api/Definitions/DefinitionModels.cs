using System.Text.Json.Nodes;
using Automation.Workflows.Management;

namespace Automation.Studio.Api.Definitions;

/// <summary>A row of the list of definitions.</summary>
internal sealed record DefinitionRow
{
    public required IReadOnlyList<Link> Links { get; init; }

    public required string Id { get; init; }

    public required string DefinitionId { get; init; }

    public string? Name { get; init; }

    public string? Description { get; init; }

    public required int Version { get; init; }

    public string? ToolVersion { get; init; }

    public required bool IsLatest { get; init; }

    public required bool IsPublished { get; init; }

    public required bool IsReadonly { get; init; }

    public required bool IsSystem { get; init; }

    public string? ProviderName { get; init; }

    public string MaterializerName => "Json";

    /// <summary>The Studio takes a definition without it for one that cannot be opened.</summary>
    public bool IsMaterializerAvailable => true;

    public required bool UsableAsActivity { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public static DefinitionRow From(DefinitionSummary summary, IReadOnlyList<Link> links) => new()
    {
        Links = links,
        Id = summary.Id,
        DefinitionId = summary.DefinitionId,
        Name = summary.Name,
        Description = summary.Description,
        Version = summary.Version,
        ToolVersion = summary.ToolVersion,
        IsLatest = summary.IsLatest,
        IsPublished = summary.IsPublished,
        IsReadonly = summary.IsReadonly,
        IsSystem = summary.IsSystem,
        ProviderName = summary.ProviderName,
        UsableAsActivity = summary.UsableAsActivity,
        CreatedAt = summary.CreatedAt,
    };
}

internal sealed record SaveRequest(JsonObject? Model, bool? Publish);

internal sealed record SaveAnswer(JsonObject WorkflowDefinition, bool AlreadyPublished, int ConsumingWorkflowCount, IReadOnlyList<ValidationMessage> ValidationErrors);

internal sealed record ValidationMessage(string Message, string? ActivityId);

internal sealed record UniqueAnswer(bool IsUnique);

internal sealed record CountAnswer(long Count);

internal sealed record IdsRequest(IReadOnlyList<string>? Ids, bool IncludeConsumingWorkflows = false);

internal sealed record DefinitionIdsRequest(IReadOnlyList<string>? DefinitionIds);

internal sealed record DeletedAnswer(int Deleted);

internal sealed record BulkPublishAnswer(
    IReadOnlyList<string> Published, IReadOnlyList<string> AlreadyPublished, IReadOnlyList<string> NotFound, IReadOnlyList<string> Skipped,
    IReadOnlyList<string> UpdatedConsumers, IReadOnlyList<string> Failed, IReadOnlyDictionary<string, IReadOnlyList<string>> Warnings);

internal sealed record BulkRetractAnswer(IReadOnlyList<string> Retracted, IReadOnlyList<string> AlreadyRetracted, IReadOnlyList<string> NotFound);

internal sealed record ConsumersAnswer(IReadOnlyList<string> ConsumingWorkflowDefinitionIds);

internal sealed record UpdateReferencesAnswer(IReadOnlyList<string> AffectedWorkflows);

internal sealed record RefreshRequest(IReadOnlyList<string>? DefinitionIds);

internal sealed record RefreshAnswer(IReadOnlyList<string> Refreshed, IReadOnlyList<string> NotFound);

/// <summary>An activity and what is inside it.</summary>
internal sealed record ActivityNode(JsonObject Activity, string Port, string NodeId, IReadOnlyList<ActivityNode> Parents, IReadOnlyList<ActivityNode> Children);

internal sealed record PathSegment(string ActivityNodeId, string ActivityId, string ActivityType, string PortName);

internal sealed record SegmentsAnswer(ActivityNode ChildNode, ActivityNode Container, IReadOnlyList<PathSegment> PathSegments);
