using Automation.Workflows.Execution;

namespace Automation.Workflows.Queries;

/// <summary>By what instances are sorted.</summary>
public enum InstanceOrder
{
    /// <summary>By the time they were made.</summary>
    Created,

    /// <summary>By the time of their last burst.</summary>
    Updated,

    /// <summary>By the time they ended.</summary>
    Finished,

    /// <summary>By name.</summary>
    Name,
}

/// <summary>How a time is compared.</summary>
public enum TimestampOperator
{
    /// <summary>Equal.</summary>
    Is,

    /// <summary>Not equal.</summary>
    IsNot,

    /// <summary>Earlier.</summary>
    LessThan,

    /// <summary>Later.</summary>
    GreaterThan,

    /// <summary>Earlier or equal.</summary>
    LessThanOrEqual,

    /// <summary>Later or equal.</summary>
    GreaterThanOrEqual,
}

/// <summary>A condition on a time of an instance.</summary>
/// <param name="Column">Which time; not <see cref="InstanceOrder.Name"/>.</param>
/// <param name="Operator">How it is compared.</param>
/// <param name="Timestamp">With what.</param>
public sealed record TimestampFilter(InstanceOrder Column, TimestampOperator Operator, DateTimeOffset Timestamp);

/// <summary>Which instances a list shows; what is null or empty does not count.</summary>
public sealed record InstanceFilter
{
    /// <summary>Only these instances.</summary>
    public IReadOnlyCollection<string> Ids { get; init; } = [];

    /// <summary>
    /// Text that the definition id, the correlation id or the name contains, without regard to case, or the id: one that this
    /// server made begins with it, or, if the text stands nowhere else, contains it (four hexadecimal digits or more).
    /// </summary>
    public string? SearchTerm { get; init; }

    /// <summary>Only instances of these definitions.</summary>
    public IReadOnlyCollection<string> DefinitionIds { get; init; } = [];

    /// <summary>Only instances of these versions, by version id.</summary>
    public IReadOnlyCollection<string> DefinitionVersionIds { get; init; } = [];

    /// <summary>Only instances of this version number.</summary>
    public int? Version { get; init; }

    /// <summary>Only instances with this correlation id.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Only instances with this name.</summary>
    public string? Name { get; init; }

    /// <summary>Only instances that this one started.</summary>
    public string? ParentInstanceId { get; init; }

    /// <summary>Whether activities of it faulted.</summary>
    public bool? HasIncidents { get; init; }

    /// <summary>Whether it belongs to the product.</summary>
    public bool? IsSystem { get; init; }

    /// <summary>Only with one of these statuses.</summary>
    public IReadOnlyCollection<WorkflowStatus> Statuses { get; init; } = [];

    /// <summary>Only with one of these sub-statuses.</summary>
    public IReadOnlyCollection<WorkflowSubStatus> SubStatuses { get; init; } = [];

    /// <summary>Conditions on times; all must hold.</summary>
    public IReadOnlyCollection<TimestampFilter> Timestamps { get; init; } = [];

    /// <summary>The order.</summary>
    public InstanceOrder OrderBy { get; init; }

    /// <summary>Whether the order is turned round. Default true: the newest first.</summary>
    public bool Descending { get; init; } = true;

    /// <summary>Items left out at the beginning.</summary>
    public long Skip { get; init; }

    /// <summary>Most items.</summary>
    public int Take { get; init; } = 100;
}

/// <summary>What a list of instances shows of one.</summary>
public sealed record InstanceSummary
{
    /// <summary>Id of the instance.</summary>
    public required string Id { get; init; }

    /// <summary>Its definition.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>The version that it runs, by id.</summary>
    public required string DefinitionVersionId { get; init; }

    /// <summary>The version that it runs, by number.</summary>
    public required int Version { get; init; }

    /// <summary>Whether it may still go on.</summary>
    public WorkflowStatus Status => SubStatus is WorkflowSubStatus.Finished or WorkflowSubStatus.Cancelled or WorkflowSubStatus.Faulted
        ? WorkflowStatus.Finished
        : WorkflowStatus.Running;

    /// <summary>How it stands.</summary>
    public required WorkflowSubStatus SubStatus { get; init; }

    /// <summary>Whether it belongs to the product.</summary>
    public bool IsSystem { get; init; }

    /// <summary>How many activities faulted.</summary>
    public int IncidentCount { get; init; }

    /// <summary>What it belongs to.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>What people call it.</summary>
    public string? Name { get; init; }

    /// <summary>The instance that started it.</summary>
    public string? ParentInstanceId { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its last burst ended.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? FinishedAt { get; init; }
}
