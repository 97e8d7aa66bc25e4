using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Journal;

namespace Automation.Studio.Api.Instances;

/// <summary>Writes instances and their states in Elsa's form.</summary>
internal static class StateWriter
{
    /// <summary>The property of an exported state that holds all that the engine knows of the instance.</summary>
    public const string Whole = "Automation";

    /// <summary>The answer of <c>GET /workflow-instances/{id}</c>.</summary>
    public static void WriteInstance(Utf8JsonWriter w, StoredInstance instance)
    {
        var s = instance.Summary;
        w.WriteStartObject();
        w.WriteString("id", s.Id);
        w.WriteString("definitionId", s.DefinitionId);
        w.WriteString("definitionVersionId", s.DefinitionVersionId);
        w.WriteNumber("version", s.Version);
        w.WritePropertyName("workflowState");
        WriteState(w, instance);
        Text(w, "parentWorkflowInstanceId", s.ParentInstanceId);
        WriteStatus(w, instance);
        Text(w, "correlationId", s.CorrelationId);
        Text(w, "name", s.Name);
        w.WriteNumber("incidentCount", s.IncidentCount);
        w.WriteBoolean("isSystem", s.IsSystem);
        WriteTimes(w, instance);
        w.WriteEndObject();
    }

    /// <summary>The state alone, as execute gives it and as it is exported.</summary>
    /// <param name="w">Where to write.</param>
    /// <param name="instance">The instance.</param>
    /// <param name="whole">JSON that an export carries among the properties, as <see cref="Whole"/>; null for none.</param>
    public static void WriteState(Utf8JsonWriter w, StoredInstance instance, byte[]? whole = null)
    {
        var (s, state) = (instance.Summary, instance.State);
        w.WriteStartObject();
        w.WriteString("id", s.Id);
        w.WriteString("definitionId", s.DefinitionId);
        w.WriteString("definitionVersionId", s.DefinitionVersionId);
        w.WriteNumber("definitionVersion", s.Version);
        Text(w, "parentWorkflowInstanceId", s.ParentInstanceId);
        Text(w, "correlationId", s.CorrelationId);
        Text(w, "name", s.Name);
        WriteStatus(w, instance);
        w.WriteStartArray("bookmarks");
        foreach (var bookmark in s.Status == WorkflowStatus.Finished && state?.SubStatus == WorkflowSubStatus.Cancelled ? [] : state?.Bookmarks ?? [])
            WriteBookmark(w, s.Id, bookmark);
        w.WriteEndArray();
        w.WriteStartArray("incidents");
        foreach (var incident in state?.Incidents ?? [])
            WriteIncident(w, incident);
        w.WriteEndArray();
        w.WriteBoolean("isSystem", s.IsSystem);
        w.WriteStartArray("completionCallbacks");
        foreach (var context in state?.Contexts ?? [])
        {
            if (context is { Parent: { } owner, Status: ActivityStatus.Running or ActivityStatus.Faulted })
                WriteCallback(w, s.Id, context, owner);
        }

        w.WriteEndArray();
        w.WriteStartArray("activityExecutionContexts");
        foreach (var context in (state?.Contexts ?? []).OrderByDescending(c => c.Ordinal))
            WriteContext(w, s.Id, context, context.Parent is null && instance.Graph is { } graph ? state!.GetVariables(graph) : []);
        w.WriteEndArray();
        w.WriteStartArray("scheduledActivities");
        foreach (var item in state?.Work ?? [])
            WriteWork(w, s.Id, item);
        w.WriteEndArray();
        w.WriteNumber("executionLogSequence", state?.JournalLength ?? 0);
        Map(w, "input", state?.Input);
        Map(w, "output", state?.Output);
        WriteProperties(w, state?.Properties ?? ActivityRecord.Empty, whole);
        WriteTimes(w, instance);
        w.WriteEndObject();
    }

    private static void WriteProperties(Utf8JsonWriter w, IReadOnlyDictionary<string, object?> properties, byte[]? whole)
    {
        w.WriteStartObject("properties");
        foreach (var (name, value) in properties)
        {
            w.WritePropertyName(name);
            JsonValues.Write(w, value);
        }

        if (whole is not null)
        {
            w.WritePropertyName(Whole);
            w.WriteRawValue(whole);
        }

        w.WriteEndObject();
    }

    private static void WriteStatus(Utf8JsonWriter w, StoredInstance instance)
    {
        w.WriteString("status", instance.Summary.Status.ToString());
        w.WriteString("subStatus", instance.Summary.SubStatus.ToString());
        w.WriteBoolean("isExecuting", instance.Summary.SubStatus == WorkflowSubStatus.Executing);
    }

    private static void WriteTimes(Utf8JsonWriter w, StoredInstance instance)
    {
        w.WriteString("createdAt", instance.Summary.CreatedAt);
        w.WriteString("updatedAt", instance.Summary.UpdatedAt);
        if (instance.Summary.FinishedAt is { } finished)
            w.WriteString("finishedAt", finished);
    }

    /// <param name="w">Takes it.</param>
    /// <param name="instanceId">Whose it is.</param>
    /// <param name="b">The bookmark.</param>
    /// <param name="activityType">Told, with the instance, where the bookmark stands alone.</param>
    public static void WriteBookmark(Utf8JsonWriter w, string instanceId, Bookmark b, string? activityType = null)
    {
        w.WriteStartObject();
        if (activityType is not null)
        {
            w.WriteString("activityTypeName", activityType);
            w.WriteString("workflowInstanceId", instanceId);
        }

        w.WriteString("id", b.Id);
        w.WriteString("name", b.Name);
        w.WriteString("hash", b.Hash);
        if (b.Payload is not null)
        {
            w.WritePropertyName("payload");
            JsonValues.Write(w, b.Payload);
        }

        w.WriteString("activityId", b.ActivityId);
        w.WriteString("activityNodeId", b.ActivityNodeId);
        w.WriteString("activityInstanceId", ActivityInstanceId.Of(instanceId, b.ActivityOrdinal));
        w.WriteString("createdAt", b.CreatedAt);
        w.WriteBoolean("autoBurn", b.AutoBurn);
        // Which method goes on is the engine's own affair; clients only look whether there is a name.
        w.WriteString("callbackMethodName", b.Tag ?? "Resume");
        w.WriteBoolean("autoComplete", value: true);
        w.WriteEndObject();
    }

    private static void WriteIncident(Utf8JsonWriter w, Incident incident)
    {
        w.WriteStartObject();
        w.WriteString("activityId", incident.ActivityId);
        w.WriteString("activityNodeId", incident.ActivityNodeId);
        w.WriteString("activityType", incident.ActivityType);
        w.WriteString("message", incident.Message);
        if (incident.Exception is { } exception)
        {
            w.WritePropertyName("exception");
            WriteException(w, exception);
        }

        w.WriteString("timestamp", incident.Timestamp);
        w.WriteEndObject();
    }

    private static void WriteException(Utf8JsonWriter w, ExceptionInfo exception)
    {
        w.WriteStartObject();
        w.WriteString("type", exception.Type);
        w.WriteString("message", exception.Message);
        Text(w, "stackTrace", exception.StackTrace);
        if (exception.Inner is { } inner)
        {
            w.WritePropertyName("innerException");
            WriteException(w, inner);
        }

        w.WriteEndObject();
    }

    private static void WriteCallback(Utf8JsonWriter w, string instanceId, ActivityContext child, ActivityContext owner)
    {
        w.WriteStartObject();
        w.WriteString("ownerInstanceId", ActivityInstanceId.Of(instanceId, owner.Ordinal));
        w.WriteString("childNodeId", child.Activity.NodeId);
        w.WriteString("methodName", "OnChildCompleted");
        w.WriteEndObject();
    }

    private static void WriteContext(Utf8JsonWriter w, string instanceId, ActivityContext context, IReadOnlyList<(string Id, string Name, object? Value)> variables)
    {
        w.WriteStartObject();
        w.WriteString("id", ActivityInstanceId.Of(instanceId, context.Ordinal));
        if (context.Parent is { } parent)
            w.WriteString("parentContextId", ActivityInstanceId.Of(instanceId, parent.Ordinal));
        w.WriteString("scheduledActivityNodeId", context.Activity.NodeId);
        Text(w, "ownerActivityNodeId", context.Parent?.Activity.NodeId);
        var record = context.ToRecord();
        // The workflow's variables are told where Elsa keeps them, with the workflow itself, by id.
        Map(w, "properties", variables.Count == 0 ? record.Properties : new Dictionary<string, object?>(record.Properties, StringComparer.Ordinal)
        {
            ["Variables"] = variables.Where(v => v.Value is not null).DistinctBy(v => v.Id, StringComparer.Ordinal).ToDictionary(v => v.Id, v => v.Value, StringComparer.Ordinal),
        });
        Map(w, "metadata", record.Metadata);
        Map(w, "activityState", record.State);
        w.WriteStartArray("dynamicVariables");
        w.WriteEndArray();
        w.WriteString("status", context.Status.ToString());
        w.WriteBoolean("isExecuting", value: false);
        w.WriteNumber("faultCount", context.FaultCount);
        w.WriteString("startedAt", context.StartedAt);
        if (context.CompletedAt is { } completed)
            w.WriteString("completedAt", completed);
        Text(w, "tag", context.Tag);
        w.WriteEndObject();
    }

    private static void WriteWork(Utf8JsonWriter w, string instanceId, WorkItem item)
    {
        w.WriteStartObject();
        w.WriteString("activityNodeId", item.Node.NodeId);
        if (item.Owner is { } owner)
            w.WriteString("ownerContextId", ActivityInstanceId.Of(instanceId, owner.Ordinal));
        Text(w, "tag", item.Tag);
        w.WriteStartArray("variables");
        w.WriteEndArray();
        w.WriteStartObject("input");
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void Map(Utf8JsonWriter w, string name, IReadOnlyDictionary<string, object?>? map)
    {
        w.WritePropertyName(name);
        JsonValues.Write(w, map ?? ActivityRecord.Empty);
    }

    private static void Text(Utf8JsonWriter w, string name, string? value)
    {
        if (value is not null)
            w.WriteString(name, value);
    }
}
