using System.Text.Json;
using Automation.Jobs;
using Automation.Workflows.Runtime;

namespace Automation.Dashboard.Jobs;

/// <summary>The workflow instance and activity that a job works for.</summary>
/// <param name="InstanceId">The instance.</param>
/// <param name="ActivityType">The type of the activity that it runs, if it runs one.</param>
/// <param name="Activity">The activity's name or id.</param>
internal sealed record JobSubject(string InstanceId, string? ActivityType = null, string? Activity = null)
{
    /// <summary>What a job works for; null for one that has nothing to do with a workflow instance.</summary>
    /// <param name="name">The job's name.</param>
    /// <param name="arguments">Its arguments, each as JSON text.</param>
    public static JobSubject? Of(string name, IReadOnlyList<string?> arguments) => name switch
    {
        WorkflowJobs.Activity when Text(arguments, 1) is { } id => new JobSubject(id, Text(arguments, 0), Text(arguments, 3)),
        WorkflowJobs.Resume or WorkflowJobs.Cancel or WorkflowJobs.Continue when Text(arguments, 0) is { } id => new JobSubject(id),
        WorkflowJobs.ChildRested when Text(arguments, 1) is { } id => new JobSubject(id),
        WorkflowJobs.Event when Text(arguments, 3) is { } id => new JobSubject(id),
        WorkflowJobs.Start when StartedBy(arguments) is { } id => new JobSubject(id),
        _ => null,
    };

    /// <inheritdoc cref="Of(string, IReadOnlyList{string?})"/>
    public static JobSubject? Of(JobDetails details) => Of(details.Job.Name, details.Arguments);

    private static string? Text(IReadOnlyList<string?> arguments, int index) =>
        index < arguments.Count && Parse(arguments[index]) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static string? StartedBy(IReadOnlyList<string?> arguments) =>
        arguments.Count > 0 && Parse(arguments[0]) is { ValueKind: JsonValueKind.Object } request
            && request.TryGetProperty("instanceId", out var id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : null;

    private static JsonElement Parse(string? json)
    {
        try
        {
            return json is null ? default : JsonElement.Parse(json);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
