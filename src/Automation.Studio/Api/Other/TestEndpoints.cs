using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Other;

/// <summary>Trying one activity of a saved definition, in an instance that is thrown away. Nothing is stored and nothing leaves the process.</summary>
internal static class TestEndpoints
{
    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/tests/activities", TestAsync).Needs(Right.Run);

    private static async Task<IResult> TestAsync(HttpContext context, WorkflowDefinitionManager definitions, WorkflowCompiler compiler, WorkflowEngine engine)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.TestRequest) ?? new TestRequest();
        if (await FindAsync(request.WorkflowDefinitionHandle, definitions, context.RequestAborted) is not { } stored)
            return TypedResults.NotFound();
        var graph = compiler.Compile(stored.ToDefinition());
        var wanted = request.ActivityHandle is { ActivityNodeId: { } nodeId } ? graph.FindByNodeId(nodeId)
            : request.ActivityHandle is { ActivityId: { } id } ? graph.FindById(id)
            : throw new BadInputException("activityHandle needs an activityNodeId or an activityId.");
        if (wanted is null)
            return TypedResults.NotFound();

        var state = engine.Create(graph);
        var stimulus = new Stimulus.Start { OnlyActivity = wanted.NodeId, Variables = TestValues(graph.Definition) };
        var result = engine.Run(graph, state, stimulus, context.RequestAborted);
        var record = result.Records.LastOrDefault(r => ReferenceEquals(r.Activity, wanted));
        return TypedResults.Json(record is null ? Nothing : Answer(record), StudioJson.Default.TestAnswer);
    }

    private static async Task<StoredDefinition?> FindAsync(DefinitionHandle? handle, WorkflowDefinitionManager definitions, CancellationToken cancellationToken)
    {
        if (handle?.DefinitionVersionId is { } versionId)
            return await definitions.FindVersionAsync(versionId, cancellationToken);
        return handle?.DefinitionId is { } definitionId
            ? await definitions.FindAsync(definitionId, RequestReader.ParseVersion(handle.VersionOptions, VersionOptions.Latest), cancellationToken)
            : throw new BadInputException("workflowDefinitionHandle needs a definitionVersionId or a definitionId.");
    }

    private static Dictionary<string, object?>? TestValues(WorkflowDefinition definition) =>
        definition.CustomProperties?["VariableTestValues"] is System.Text.Json.Nodes.JsonObject values
            ? values.ToDictionary(v => v.Key, v => JsonValues.FromNode(v.Value), StringComparer.Ordinal)
            : null;

    private static TestAnswer Nothing { get; } = new(Empty, Empty, Empty, null, nameof(ActivityStatus.Pending));

    private static Dictionary<string, JsonElement> Empty => new(StringComparer.Ordinal);

    private static TestAnswer Answer(ActivityRecord record) => new(
        Values(record.State), Values(record.Payload), Values(record.Outputs),
        record.Exception is { } e
            ? Json.ToElement(new Dictionary<string, object?>(StringComparer.Ordinal) { ["type"] = e.Type, ["message"] = e.Message, ["stackTrace"] = e.StackTrace })
            : null,
        record.Status.ToString());

    private static Dictionary<string, JsonElement> Values(IReadOnlyDictionary<string, object?> values) =>
        values.Where(v => v.Value is not null).ToDictionary(v => v.Key, v => Json.ToElement(v.Value)!.Value, StringComparer.Ordinal);
}
