using System.Text.Json;

namespace Automation.Studio.Api.Other;

internal sealed record RunRequest(
    string? CorrelationId = null, string? Name = null, string? TriggerActivityId = null, ActivityHandle? ActivityHandle = null, string? VersionOptions = null,
    Dictionary<string, JsonElement>? Input = null, Dictionary<string, JsonElement>? Variables = null, string? InstanceId = null, string? Channel = null,
    int? Count = null);

internal sealed record ActivityHandle(string? ActivityId = null, string? ActivityNodeId = null, string? ActivityInstanceId = null, string? ActivityHash = null);

internal sealed record DispatchAnswer(string WorkflowInstanceId);

internal sealed record BulkDispatchAnswer(IReadOnlyList<string> WorkflowInstanceIds);

internal sealed record EventRequest(
    string? WorkflowInstanceId = null, string? CorrelationId = null, string? ActivityInstanceId = null, JsonElement? Input = null, string? WorkflowExecutionMode = null);

internal sealed record TaskRequest(JsonElement? Result = null);

internal sealed record ResumeRequest(Dictionary<string, JsonElement>? Input = null);

internal sealed record DefinitionHandle(string? DefinitionId = null, string? VersionOptions = null, string? DefinitionVersionId = null);

internal sealed record TestRequest(DefinitionHandle? WorkflowDefinitionHandle = null, ActivityHandle? ActivityHandle = null);

internal sealed record TestAnswer(
    IReadOnlyDictionary<string, JsonElement> ActivityState, IReadOnlyDictionary<string, JsonElement> Payload, IReadOnlyDictionary<string, JsonElement> Outputs,
    JsonElement? Exception, string Status);

internal sealed record LoginRequest(string? Username = null, string? Password = null);

internal sealed record LoginAnswer(bool IsAuthenticated, string? AccessToken = null, string? RefreshToken = null);

internal sealed record VersionAnswer(string PackageVersion);

internal sealed record TypeDefinitionsRequest(string? WorkflowDefinitionId = null, string? ActivityTypeName = null, string? PropertyName = null);

internal sealed record RetryRequest(IReadOnlyList<string>? WorkflowInstanceIds = null, IReadOnlyList<string>? ActivityIds = null);

internal sealed record AlterationsRequest(IReadOnlyList<JsonElement>? Alterations = null, IReadOnlyList<string>? WorkflowInstanceIds = null);

internal sealed record AlterationTargets(IReadOnlyList<string> WorkflowInstanceIds);

internal sealed record AlterationFilter(
    IReadOnlyList<string>? WorkflowInstanceIds = null, IReadOnlyList<string>? CorrelationIds = null, IReadOnlyList<string>? Names = null, string? SearchTerm = null,
    IReadOnlyList<string>? DefinitionIds = null, IReadOnlyList<string>? DefinitionVersionIds = null, IReadOnlyList<string>? Statuses = null,
    IReadOnlyList<string>? SubStatuses = null, bool? HasIncidents = null, bool? IsSystem = null, IReadOnlyList<Instances.TimestampRequest>? TimestampFilters = null,
    bool? EmptyFilterSelectsAll = null)
{
    public bool IsEmpty => this with { EmptyFilterSelectsAll = null } == new AlterationFilter();

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
