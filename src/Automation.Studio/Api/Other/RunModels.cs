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
