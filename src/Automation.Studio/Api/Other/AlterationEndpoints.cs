using System.Text.Json;
using Automation.Studio.Api.Instances;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Other;

/// <summary>Acting on instances from outside: retry what faulted, cancel or schedule an activity, set a variable, move to another version.</summary>
internal static class AlterationEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var run = api.MapGroup("/alterations").Needs(Right.Run);
        run.MapPost("/run", RunAsync);
        run.MapPost("/workflows/retry", RetryAsync);
        run.MapPost("/dry-run", DryRunAsync);
    }

    private static async Task<IResult> RetryAsync(HttpContext context, WorkflowRuntime runtime, TimeProvider clock)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.RetryRequest) ?? new RetryRequest();
        var results = new List<AlterationResult>();
        foreach (var id in request.WorkflowInstanceIds ?? [])
        {
            var after = await runtime.RetryAsync(id, request.ActivityIds, cancellationToken: context.RequestAborted);
            results.Add(after is null
                ? Result(id, clock, succeeded: false, "There is no such instance, or nothing in it has faulted.")
                : Result(id, clock, succeeded: true, "What had faulted was run again."));
        }

        return Answer(results);
    }

    private static async Task<IResult> RunAsync(HttpContext context, WorkflowRuntime runtime, TimeProvider clock)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.AlterationsRequest) ?? new AlterationsRequest();
        var results = new List<AlterationResult>();
        foreach (var id in request.WorkflowInstanceIds ?? [])
        {
            var done = true;
            var messages = new List<string>();
            foreach (var alteration in request.Alterations ?? [])
            {
                var (succeeded, message) = await ApplyAsync(id, alteration, runtime, context.RequestAborted);
                done &= succeeded;
                messages.Add(message);
            }

            results.Add(Result(id, clock, done, [.. messages]));
        }

        return Answer(results);
    }

    private static async Task<(bool Succeeded, string Message)> ApplyAsync(string id, JsonElement alteration, WorkflowRuntime runtime, CancellationToken cancellationToken)
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

    /// <summary>Which instances a filter selects; one without any condition selects none unless it says that it means all.</summary>
    private static async Task<IResult> DryRunAsync(HttpContext context, InstanceQueries queries)
    {
        var filter = await context.Request.BodyAsync(StudioJson.Default.AlterationFilter) ?? new AlterationFilter();
        if (filter.IsEmpty && filter.EmptyFilterSelectsAll != true)
            return TypedResults.Json(new AlterationTargets([]), StudioJson.Default.AlterationTargets);
        var ids = await queries.ListIdsAsync(filter.ToInstances(), context.RequestAborted);
        return TypedResults.Json(new AlterationTargets(ids), StudioJson.Default.AlterationTargets);
    }

    private static (bool Succeeded, string Message) Said(InstanceSnapshot? after, string message) =>
        after is null ? (false, "There is no such instance, or nothing in it to act on.") : (true, message);

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static AlterationResult Result(string id, TimeProvider clock, bool succeeded, params IEnumerable<string> messages) => new(
        id,
        new AlterationLog([.. messages.Select(m => new AlterationLogEntry(m, succeeded ? "Information" : "Error", clock.GetUtcNow(), succeeded ? "Altered" : "Failed"))]),
        WorkflowHasScheduledWork: false,
        succeeded);

    private static IResult Answer(List<AlterationResult> results) => TypedResults.Json(new AlterationsAnswer(results), StudioJson.Default.AlterationsAnswer);
}
