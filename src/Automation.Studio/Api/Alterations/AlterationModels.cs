using System.Text.Json;

namespace Automation.Studio.Api.Alterations;

internal sealed record RetryRequest(IReadOnlyList<string>? WorkflowInstanceIds = null, IReadOnlyList<string>? ActivityIds = null);

internal sealed record AlterationsRequest(IReadOnlyList<JsonElement>? Alterations = null, IReadOnlyList<string>? WorkflowInstanceIds = null);

internal sealed record AlterationTargets(IReadOnlyList<string> WorkflowInstanceIds);

internal sealed record AlterationFilter(
    IReadOnlyList<string>? WorkflowInstanceIds = null, IReadOnlyList<string>? CorrelationIds = null, IReadOnlyList<string>? Names = null, string? SearchTerm = null,
    IReadOnlyList<string>? DefinitionIds = null, IReadOnlyList<string>? DefinitionVersionIds = null, IReadOnlyList<string>? Statuses = null,
    IReadOnlyList<string>? SubStatuses = null, bool? HasIncidents = null, bool? IsSystem = null, IReadOnlyList<Instances.TimestampRequest>? TimestampFilters = null,
    bool? EmptyFilterSelectsAll = null)
{
    private const int MaxInstances = 100_000;

    public bool IsEmpty => this with { EmptyFilterSelectsAll = null } == new AlterationFilter();

    /// <summary>The instances that it selects; one without any condition selects none unless it says that it means all.</summary>
    public async Task<IReadOnlyList<string>> SelectAsync(Workflows.Queries.InstanceQueries queries, CancellationToken cancellationToken)
    {
        if (IsEmpty && EmptyFilterSelectsAll != true)
            return [];
        var ids = new List<string>();
        var filter = ToInstances() with { OrderBy = Workflows.Queries.InstanceOrder.Created, Descending = false, Take = RequestReader.MaxPageSize };
        while (ids.Count < MaxInstances && await queries.ListIdsAsync(filter with { Skip = ids.Count }, cancellationToken) is { Count: > 0 } page)
            ids.AddRange(page);
        return ids;
    }

    public Workflows.Queries.InstanceFilter ToInstances() => Instances.InstanceFilters.From(new Instances.InstanceListRequest
    {
        Ids = WorkflowInstanceIds,
        CorrelationId = One(CorrelationIds, "correlationIds"),
        Name = One(Names, "names"),
        SearchTerm = SearchTerm,
        DefinitionIds = DefinitionIds,
        DefinitionVersionIds = DefinitionVersionIds,
        Statuses = Statuses,
        SubStatuses = SubStatuses,
        HasIncidents = HasIncidents,
        IsSystem = IsSystem,
        TimestampFilters = TimestampFilters,
    });

    private static string? One(IReadOnlyList<string>? values, string member) => values switch
    {
        null or [] => null,
        [var only] => only,
        _ => throw new BadInputException($"{member} takes one value here, but has {values.Count}."),
    };
}

internal sealed record AlterationLogEntry(string Message, string LogLevel, DateTimeOffset Timestamp, string EventName);

internal sealed record AlterationLog(IReadOnlyList<AlterationLogEntry> LogEntries);

internal sealed record AlterationResult(string WorkflowInstanceId, AlterationLog Log, bool WorkflowHasScheduledWork, bool IsSuccessful);

internal sealed record AlterationsAnswer(IReadOnlyList<AlterationResult> Results);

internal sealed record PlanRequest(string? Id = null, IReadOnlyList<JsonElement>? Alterations = null, AlterationFilter? Filter = null);

internal sealed record PlanAnswer(string PlanId);

internal sealed record PlanInfo(
    string Id, string Status, IReadOnlyList<JsonElement> Alterations, AlterationFilter WorkflowInstanceFilter, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt,
    DateTimeOffset? CompletedAt);

internal sealed record PlanJob(
    string Id, string PlanId, string WorkflowInstanceId, string Status, IReadOnlyList<AlterationLogEntry> Log, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt);

internal sealed record PlanState(PlanInfo Plan, IReadOnlyList<PlanJob> Jobs);
