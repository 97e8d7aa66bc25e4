using System.Text.Json;
using Automation.Workflows.Execution;
using Automation.Workflows.Journal;
using Automation.Workflows.Queries;

namespace Automation.Studio.Api.Instances;

internal sealed record InstanceListRequest
{
    public int? Page { get; init; }

    public int? PageSize { get; init; }

    public int? Skip { get; init; }

    public int? Take { get; init; }

    public string? SearchTerm { get; init; }

    public IReadOnlyList<string>? Ids { get; init; }

    public string? DefinitionId { get; init; }

    public IReadOnlyList<string>? DefinitionIds { get; init; }

    public string? DefinitionVersionId { get; init; }

    public IReadOnlyList<string>? DefinitionVersionIds { get; init; }

    public string? CorrelationId { get; init; }

    public string? Name { get; init; }

    public int? Version { get; init; }

    public bool? HasIncidents { get; init; }

    public bool? IsSystem { get; init; }

    public string? ParentWorkflowInstanceId { get; init; }

    public string? Status { get; init; }

    public IReadOnlyList<string>? Statuses { get; init; }

    public string? SubStatus { get; init; }

    public IReadOnlyList<string>? SubStatuses { get; init; }

    public string? OrderBy { get; init; }

    public string? OrderDirection { get; init; }

    public IReadOnlyList<TimestampRequest>? TimestampFilters { get; init; }
}

internal sealed record TimestampRequest(string? Column, string? Operator, DateTimeOffset? Timestamp);

internal sealed record InstanceRow
{
    public required string Id { get; init; }

    public required string DefinitionId { get; init; }

    public required string DefinitionVersionId { get; init; }

    public required int Version { get; init; }

    public string? ParentWorkflowInstanceId { get; init; }

    public required WorkflowStatus Status { get; init; }

    public required WorkflowSubStatus SubStatus { get; init; }

    public string? CorrelationId { get; init; }

    public string? Name { get; init; }

    public required int IncidentCount { get; init; }

    public required bool IsSystem { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public static InstanceRow From(InstanceSummary i) => new()
    {
        Id = i.Id,
        DefinitionId = i.DefinitionId,
        DefinitionVersionId = i.DefinitionVersionId,
        Version = i.Version,
        ParentWorkflowInstanceId = i.ParentInstanceId,
        Status = i.Status,
        SubStatus = i.SubStatus,
        CorrelationId = i.CorrelationId,
        Name = i.Name,
        IncidentCount = i.IncidentCount,
        IsSystem = i.IsSystem,
        CreatedAt = i.CreatedAt,
        UpdatedAt = i.UpdatedAt,
        FinishedAt = i.FinishedAt,
    };
}

/// <summary>The sub-status under both names: the server's and that of the Studio's client.</summary>
internal sealed record ExecutionStateAnswer(WorkflowStatus Status, WorkflowSubStatus SubStatus, DateTimeOffset UpdatedAt)
{
    public WorkflowSubStatus WorkflowSubStatus => SubStatus;
}

/// <summary>A variable; the note says what a caller who set it has to know.</summary>
internal sealed record VariableAnswer(string Id, string Name, JsonElement? Value, string? Note = null);

internal sealed record VariableChange(string? Id, JsonElement? Value, string? Name = null);

internal sealed record SetVariablesRequest(IReadOnlyList<VariableChange>? Variables);

internal sealed record BulkInstancesRequest(
    IReadOnlyList<string>? Ids = null, string? WorkflowDefinitionId = null, IReadOnlyList<string>? WorkflowDefinitionIds = null, string? DefinitionVersionId = null,
    string? DefinitionId = null, string? VersionOptions = null, bool IncludeBookmarks = false, bool IncludeActivityExecutionLog = false,
    bool IncludeWorkflowExecutionLog = false);

internal sealed record ImportedAnswer(int Imported, int Count);

internal sealed record CancelledAnswer(int Cancelled);

internal sealed record JournalFilterRequest(
    IReadOnlyList<string>? ActivityIds = null, IReadOnlyList<string>? ActivityNodeIds = null, IReadOnlyList<string>? ExcludedActivityTypes = null,
    IReadOnlyList<string>? EventNames = null);

internal sealed record JournalRequest(JournalFilterRequest? Filter = null);

internal sealed record JournalLine
{
    public required string Id { get; init; }

    public required string ActivityInstanceId { get; init; }

    public string? ParentActivityInstanceId { get; init; }

    public required string ActivityId { get; init; }

    public required string ActivityType { get; init; }

    public required int ActivityTypeVersion { get; init; }

    public string? ActivityName { get; init; }

    public required string NodeId { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public required long Sequence { get; init; }

    public required string EventName { get; init; }

    public string? Message { get; init; }

    public string? Source { get; init; }

    public JsonElement? Payload { get; init; }

    public static JournalLine From(JournalRecord r) => new()
    {
        Id = r.Id,
        ActivityInstanceId = r.ActivityInstanceId,
        ParentActivityInstanceId = r.ParentActivityInstanceId,
        ActivityId = r.ActivityId,
        ActivityType = r.ActivityType,
        ActivityTypeVersion = r.ActivityTypeVersion,
        ActivityName = r.ActivityName,
        NodeId = r.NodeId,
        Timestamp = r.Timestamp,
        Sequence = r.Sequence,
        EventName = r.EventName,
        Message = r.Message,
        Payload = r.Payload,
    };
}

/// <summary>What lists of executions show of one.</summary>
internal record ExecutionSummary
{
    public required string Id { get; init; }

    public required string WorkflowInstanceId { get; init; }

    public required string ActivityId { get; init; }

    public required string ActivityNodeId { get; init; }

    public required string ActivityType { get; init; }

    public required int ActivityTypeVersion { get; init; }

    public string? ActivityName { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required bool HasBookmarks { get; init; }

    public required ActivityStatus Status { get; init; }

    public required int AggregateFaultCount { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public JsonElement Metadata { get; init; } = Json.EmptyObject;

    public static ExecutionSummary From(ActivityExecution e) => new()
    {
        Id = e.Id,
        WorkflowInstanceId = e.WorkflowInstanceId,
        ActivityId = e.ActivityId,
        ActivityNodeId = e.ActivityNodeId,
        ActivityType = e.ActivityType,
        ActivityTypeVersion = e.ActivityTypeVersion,
        ActivityName = e.ActivityName,
        StartedAt = e.StartedAt,
        HasBookmarks = e.HasBookmarks,
        Status = e.Status,
        AggregateFaultCount = e.AggregateFaultCount,
        CompletedAt = e.CompletedAt,
        Metadata = e.Metadata ?? Json.EmptyObject,
    };
}

/// <summary>One execution with its values.</summary>
internal sealed record ExecutionRecord : ExecutionSummary
{
    public required JsonElement ActivityState { get; init; }

    public required JsonElement Payload { get; init; }

    public required JsonElement Outputs { get; init; }

    public required JsonElement Properties { get; init; }

    public JsonElement? Exception { get; init; }

    public string? SchedulingActivityExecutionId { get; init; }

    public string? SchedulingActivityId { get; init; }

    public string? SchedulingWorkflowInstanceId { get; init; }

    public int CallStackDepth { get; init; }

    public static new ExecutionRecord From(ActivityExecution e) => new()
    {
        Id = e.Id,
        WorkflowInstanceId = e.WorkflowInstanceId,
        ActivityId = e.ActivityId,
        ActivityNodeId = e.ActivityNodeId,
        ActivityType = e.ActivityType,
        ActivityTypeVersion = e.ActivityTypeVersion,
        ActivityName = e.ActivityName,
        StartedAt = e.StartedAt,
        HasBookmarks = e.HasBookmarks,
        Status = e.Status,
        AggregateFaultCount = e.AggregateFaultCount,
        CompletedAt = e.CompletedAt,
        Metadata = e.Metadata ?? Json.EmptyObject,
        ActivityState = e.ActivityState ?? Json.EmptyObject,
        Payload = e.Payload ?? Json.EmptyObject,
        Outputs = e.Outputs ?? Json.EmptyObject,
        Properties = e.Properties ?? Json.EmptyObject,
        Exception = e.Exception,
        SchedulingActivityExecutionId = e.ParentId,
        SchedulingWorkflowInstanceId = e.ParentId is null ? null : e.WorkflowInstanceId,
        CallStackDepth = e.CallStackDepth,
    };
}

internal sealed record CallStackAnswer(string ActivityExecutionId, IReadOnlyList<ExecutionRecord> Items, int TotalCount);

internal sealed record ReportRequest(string? WorkflowInstanceId, IReadOnlyList<string>? ActivityNodeIds);

/// <summary>The badge of one node on the canvas.</summary>
internal sealed record NodeStats(
    string ActivityId, string ActivityNodeId, int StartedCount, int CompletedCount, int UncompletedCount, bool IsBlocked, bool IsFaulted, int AggregateFaultCount)
{
    public JsonElement Metadata => Json.EmptyObject;

    public static NodeStats From(ActivityStats s) => new(
        s.ActivityId, s.ActivityNodeId, s.StartedCount, s.CompletedCount, s.UncompletedCount, s.IsBlocked, s.IsFaulted, s.AggregateFaultCount);
}

internal sealed record ReportAnswer(IReadOnlyList<NodeStats> Stats);
