using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;

namespace Automation.Studio.Api.Alterations;

/// <summary>One thing that is done to an instance from outside: cancel it or an activity, schedule an activity, set a variable, move it to another version.</summary>
internal static class Alteration
{
    public static async Task<(bool Succeeded, string Message)> ApplyAsync(string id, JsonElement alteration, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        switch (Text(alteration, "type"))
        {
            case "Cancel":
                var cancelled = await runtime.CancelAsync(id, cancellationToken: cancellationToken);
                return (cancelled.Found, cancelled.Found ? "The instance was cancelled." : "There is no such instance.");
            case "CancelActivity":
                var execution = Text(alteration, "activityInstanceId");
                var ordinal = ActivityInstanceId.TryParse(execution, out _, out var number) ? number : 0;
                return Said(await runtime.ApplyAsync(id, new Stimulus.CancelActivity(Text(alteration, "activityId"), ordinal), cancellationToken), "The activity was cancelled.");
            case "ScheduleActivity" when Text(alteration, "activityId") is { } activity:
                return Said(await runtime.ApplyAsync(id, new Stimulus.ScheduleActivity(activity), cancellationToken), "The activity was scheduled.");
            case "ModifyVariable" when Text(alteration, "variableId") is { } variable:
                var value = alteration.TryGetProperty("value", out var v) ? Json.ToPlain(v) : null;
                var after = await runtime.SetVariablesAsync(id, new Dictionary<string, object?>(StringComparer.Ordinal) { [variable] = value }, cancellationToken);
                return (after is not null, after is null ? "There is no such instance." : "The variable was set.");
            case "Migrate" when alteration.TryGetProperty("targetVersion", out var wanted) && wanted.ValueKind == JsonValueKind.Number && wanted.TryGetInt32(out var target):
                return await MigrateAsync(id, target, runtime, cancellationToken);
            case var other:
                return (false, $"The alteration '{other}' is not known here, or lacks a member. Known are Cancel, CancelActivity, Migrate, ModifyVariable and ScheduleActivity.");
        }
    }

    private static async Task<(bool Succeeded, string Message)> MigrateAsync(string id, int version, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        try
        {
            return await runtime.MoveAsync(id, VersionOptions.Specific(version), cancellationToken: cancellationToken) switch
            {
                null => (false, "There is no such instance."),
                { Moved: true } moved => (true, $"The instance was moved from version {moved.FromVersion} to version {moved.ToVersion}."),
                var moved => (false, string.Join(' ', moved.Misfits)),
            };
        }
        catch (DefinitionNotFoundException)
        {
            return (false, $"The workflow has no version {version}.");
        }
        catch (DefinitionException e)
        {
            return (false, e.Message);
        }
    }

    private static (bool Succeeded, string Message) Said(InstanceSnapshot? after, string message) =>
        after is null ? (false, "There is no such instance, or nothing in it to act on.") : (true, message);

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
