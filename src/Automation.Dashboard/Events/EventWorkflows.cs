using System.Text.Json.Nodes;
using Automation.Intake.Events;
using Automation.Storage.Events;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;

namespace Automation.Dashboard.Events;

/// <summary>What came of a test: the instance, or why there is none.</summary>
/// <param name="InstanceId">The instance that was started; null for none.</param>
/// <param name="Problem">Why nothing was started; null where it was.</param>
internal sealed record TestRun(string? InstanceId, string? Problem);

/// <summary>From an event to a workflow: a new draft that begins with it, or a test of one that is there.</summary>
internal sealed class EventWorkflows(EventQueries events, EventTrial trial, WorkflowDefinitionManager definitions, WorkflowCatalog catalog, WorkflowRuntime runtime)
{
    /// <summary>Makes a draft whose trigger is the event's source and type.</summary>
    /// <returns>The new definition; null where there is no such event, or its type is not known.</returns>
    public async Task<string?> DraftAsync(string eventId, CancellationToken cancellationToken)
    {
        if (await events.FindAsync(eventId, cancellationToken) is not { Summary: { Type: { } type, Status: not EventStatus.Rejected } summary })
            return null;
        var saved = await definitions.SaveAsync(new WorkflowDefinition(Begin(summary.Source, type)), publish: false, cancellationToken: cancellationToken);
        return saved.Definition.Summary.DefinitionId;
    }

    /// <summary>
    /// Starts the newest version of a workflow, draft or not, with an event, beside all routing: nothing is written to the
    /// event's trail, and what the workflow answers goes nowhere. Its steps do what they do.
    /// </summary>
    /// <returns>Null where there is no such event, or it was refused.</returns>
    public async Task<TestRun?> TestAsync(string eventId, string definitionId, CancellationToken cancellationToken)
    {
        if (await definitions.FindAsync(definitionId, VersionOptions.Latest, cancellationToken) is not { } latest)
            return new TestRun(null, $"There is no workflow \"{definitionId}\".");
        try
        {
            if (await catalog.FindGraphAsync(latest.Summary.Id, cancellationToken) is not { } graph)
                return new TestRun(null, $"There is no workflow \"{definitionId}\".");
            if (await trial.PrepareAsync(eventId, graph, cancellationToken) is not { } start)
                return null;
            var result = await runtime.StartAsync(
                new StartWorkflowRequest
                {
                    DefinitionId = definitionId,
                    DefinitionVersionId = latest.Summary.Id,
                    // Of its own, so that events of the real call, session or thread do not find the test.
                    CorrelationId = start.CorrelationId is { } key ? "test:" + key : null,
                    Name = "Test with event " + eventId,
                    Input = start.Inputs,
                    TriggerActivityId = start.Trigger?.ActivityId,
                    TriggerPayload = start.Event,
                    IsTriggered = start.Trigger is not null,
                },
                cancellationToken);
            return new TestRun(result.Instance?.Id, result.Started ? null : result.Reason ?? $"The workflow could not be started: {result.CannotStart}.");
        }
        catch (Exception e) when (e is DefinitionException or FormatException or WorkflowStartException)
        {
            return new TestRun(null, e.Message);
        }
    }

    private static JsonObject Begin(string source, string type) => new()
    {
        ["name"] = $"On {source} {type}",
        ["description"] = $"Starts when {source} sends {type}.",
        ["variables"] = new JsonArray(),
        ["inputs"] = new JsonArray(),
        ["outputs"] = new JsonArray(),
        ["outcomes"] = new JsonArray(),
        ["customProperties"] = new JsonObject(),
        ["root"] = new JsonObject
        {
            ["id"] = "Flowchart1",
            ["name"] = "Flowchart1",
            ["type"] = "Elsa.Flowchart",
            ["version"] = 1,
            ["customProperties"] = new JsonObject(),
            ["metadata"] = new JsonObject(),
            ["start"] = "EventReceived1",
            ["variables"] = new JsonArray(),
            ["connections"] = new JsonArray(),
            ["activities"] = new JsonArray(new JsonObject
            {
                ["id"] = "EventReceived1",
                ["name"] = "EventReceived1",
                ["type"] = "Automation.EventReceived",
                ["version"] = 1,
                ["customProperties"] = new JsonObject { ["canStartWorkflow"] = true, ["runAsynchronously"] = false },
                ["metadata"] = new JsonObject
                {
                    ["designer"] = new JsonObject
                    {
                        ["position"] = new JsonObject { ["x"] = 60, ["y"] = 120 },
                        ["size"] = new JsonObject { ["width"] = 220, ["height"] = 54 },
                    },
                    ["displayText"] = $"{source} {type}",
                },
                ["source"] = Literal(source),
                ["eventType"] = Literal(type),
            }),
        },
    };

    private static JsonObject Literal(string value) => new()
    {
        ["typeName"] = "String",
        ["expression"] = new JsonObject { ["type"] = "Literal", ["value"] = value },
    };
}
