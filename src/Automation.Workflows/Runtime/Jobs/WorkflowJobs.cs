using Automation.Jobs;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;

namespace Automation.Workflows.Runtime;

/// <summary>The names under which workflows enqueue jobs, and what their arguments are.</summary>
public static class WorkflowJobs
{
    /// <summary>Runs a background activity: activity type, instance, operation, activity name.</summary>
    public const string Activity = "workflow.activity";

    /// <summary>Resumes a bookmark whose time has come: instance, bookmark.</summary>
    public const string Resume = "workflow.resume";

    /// <summary>Starts an instance: the request as JSON.</summary>
    public const string Start = "workflow.start";

    /// <summary>Cancels an instance: instance.</summary>
    public const string Cancel = "workflow.cancel";

    /// <summary>Goes on with an instance that has work left: instance.</summary>
    public const string Continue = "workflow.continue";

    /// <summary>Publishes an event: name, payload, correlation id, instance.</summary>
    public const string Event = "workflow.event";

    /// <summary>Tells a parent how its child stands: child, parent, operation, stimulus.</summary>
    public const string ChildRested = "workflow.child-rested";

    /// <summary>Starts a workflow by the clock: trigger, due time in microseconds since the Unix epoch.</summary>
    public const string Trigger = "workflow.trigger";

    /// <summary>Deletes ended instances that are too old or too many.</summary>
    public const string Retention = "workflow.retention";

    internal static JobRequest StartChild(StartWorkflow start) => StartJob(new StartWorkflowRequest
    {
        DefinitionId = start.DefinitionId,
        InstanceId = start.InstanceId,
        Input = start.Input,
        CorrelationId = start.CorrelationId,
        ParentInstanceId = start.ParentInstanceId,
        EventId = start.EventId,
        Notify = start.OperationId is null && start.CompletionStimulus is null ? null : new ParentNotice(start.OperationId, start.CompletionStimulus).ToString(),
    });

    internal static JobRequest StartJob(StartWorkflowRequest request) => JobRequest.WithJson(Start, JsonValues.ToText(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["definitionId"] = request.DefinitionId,
        ["definitionVersionId"] = request.DefinitionVersionId,
        ["instanceId"] = request.InstanceId,
        ["correlationId"] = request.CorrelationId,
        ["name"] = request.Name,
        ["input"] = request.Input,
        ["variables"] = request.Variables,
        ["triggerActivityId"] = request.TriggerActivityId,
        ["onlyActivity"] = request.OnlyActivity,
        ["triggerPayload"] = request.TriggerPayload,
        ["isTriggered"] = request.IsTriggered,
        ["parentInstanceId"] = request.ParentInstanceId,
        ["notify"] = request.Notify,
        ["eventId"] = request.EventId,
    }));

    internal static StartWorkflowRequest ReadStart(string json)
    {
        var map = JsonValues.TryParse(json, out var value) && value is Dictionary<string, object?> read
            ? read
            : throw new System.Text.Json.JsonException("The request to start a workflow is not a JSON object.");
        return new StartWorkflowRequest
        {
            DefinitionId = map.GetValueOrDefault("definitionId") as string,
            DefinitionVersionId = map.GetValueOrDefault("definitionVersionId") as string,
            InstanceId = map.GetValueOrDefault("instanceId") as string,
            CorrelationId = map.GetValueOrDefault("correlationId") as string,
            Name = map.GetValueOrDefault("name") as string,
            Input = map.GetValueOrDefault("input") as Dictionary<string, object?>,
            Variables = map.GetValueOrDefault("variables") as Dictionary<string, object?>,
            TriggerActivityId = map.GetValueOrDefault("triggerActivityId") as string,
            OnlyActivity = map.GetValueOrDefault("onlyActivity") as string,
            TriggerPayload = map.GetValueOrDefault("triggerPayload"),
            IsTriggered = map.GetValueOrDefault("isTriggered") is true,
            ParentInstanceId = map.GetValueOrDefault("parentInstanceId") as string,
            Notify = map.GetValueOrDefault("notify") as string,
            EventId = map.GetValueOrDefault("eventId") as string,
        };
    }
}
