using Automation.Workflows.Execution;
using Automation.Workflows.Queries;

namespace Automation.Studio.Api.Instances;

/// <summary>Reads the filters of a list of instances; what is empty does not count.</summary>
internal static class InstanceFilters
{
    public static InstanceFilter From(InstanceListRequest request) => new()
    {
        Ids = request.Ids ?? [],
        SearchTerm = Text(request.SearchTerm),
        DefinitionIds = Both(request.DefinitionIds, request.DefinitionId),
        DefinitionVersionIds = Both(request.DefinitionVersionIds, request.DefinitionVersionId),
        CorrelationId = Text(request.CorrelationId),
        Name = Text(request.Name),
        Version = request.Version,
        HasIncidents = request.HasIncidents,
        IsSystem = request.IsSystem,
        ParentInstanceId = Text(request.ParentWorkflowInstanceId),
        Statuses = Names<WorkflowStatus>(Both(request.Statuses, request.Status), "status"),
        SubStatuses = Names<WorkflowSubStatus>(Both(request.SubStatuses, request.SubStatus), "subStatus"),
        Timestamps = [.. (request.TimestampFilters ?? []).Select(Time)],
        OrderBy = request.OrderBy?.ToUpperInvariant() switch
        {
            null or "" or "CREATED" or "CREATEDAT" => InstanceOrder.Created,
            "LASTEXECUTED" or "UPDATED" or "UPDATEDAT" => InstanceOrder.Updated,
            "FINISHED" or "FINISHEDAT" => InstanceOrder.Finished,
            "NAME" => InstanceOrder.Name,
            _ => throw new BadInputException($"orderBy must be Created, UpdatedAt, LastExecuted, Finished or Name, but is '{request.OrderBy}'."),
        },
        Descending = request.OrderDirection?.ToUpperInvariant() switch
        {
            null or "" or "DESCENDING" or "DESC" => true,
            "ASCENDING" or "ASC" => false,
            _ => throw new BadInputException($"orderDirection must be Ascending or Descending, but is '{request.OrderDirection}'."),
        },
    };

    private static TimestampFilter Time(TimestampRequest request)
    {
        var column = request.Column?.ToUpperInvariant() switch
        {
            "CREATEDAT" or "CREATED" => InstanceOrder.Created,
            "UPDATEDAT" or "UPDATED" or "LASTEXECUTEDAT" => InstanceOrder.Updated,
            "FINISHEDAT" or "FINISHED" => InstanceOrder.Finished,
            _ => throw new BadInputException($"timestampFilters: column must be CreatedAt, UpdatedAt or FinishedAt, but is '{request.Column}'."),
        };
        if (!Enum.TryParse<TimestampOperator>(request.Operator, ignoreCase: true, out var op))
            throw new BadInputException($"timestampFilters: operator must be one of {string.Join(", ", Enum.GetNames<TimestampOperator>())}, but is '{request.Operator}'.");
        return new TimestampFilter(column, op, request.Timestamp ?? throw new BadInputException("timestampFilters: timestamp is missing."));
    }

    private static IReadOnlyCollection<T> Names<T>(IReadOnlyCollection<string> names, string member)
        where T : struct, Enum =>
        [.. names.Select(n => Enum.TryParse<T>(n, ignoreCase: true, out var value) && Enum.IsDefined(value)
            ? value
            : throw new BadInputException($"{member} must be one of {string.Join(", ", Enum.GetNames<T>())}, but is '{n}'."))];

    private static IReadOnlyCollection<string> Both(IReadOnlyList<string>? many, string? one) =>
        [.. (many ?? []).Append(one).Where(v => !string.IsNullOrEmpty(v)).Select(v => v!).Distinct(StringComparer.Ordinal)];

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
