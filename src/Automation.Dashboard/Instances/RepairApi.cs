using System.Text.Json;
using Automation.Dashboard.Shared;
using Automation.Storage.Access;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Instances;

/// <summary>Setting right an instance that went wrong: from the failed activity, on another version, or once more from the start.</summary>
internal static class RepairApi
{
    public static void MapRepair(this RouteGroupBuilder instances)
    {
        instances.MapPost("/{id}/retry", RetryAsync).WithName("RetryInstance")
            .WithSummary("Runs the failed activities again and goes on from there; inputs and variables may be changed first.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        instances.MapPost("/{id}/move", MoveAsync).WithName("MoveInstance")
            .WithSummary("Moves an instance that waits or has failed to another version of its workflow, or says what does not fit there.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        instances.MapPost("/{id}/rerun", RerunAsync).WithName("RerunInstance")
            .WithSummary("Starts a new instance with the same inputs, from the start.").WithMetadata(new LeastRoleAttribute(Role.Operator));
    }

    private static async Task<Results<Ok<InstanceSnapshot>, ProblemHttpResult>> RetryAsync(
        string id, RetryBody? body, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        try
        {
            return await runtime.RetryAsync(id, body?.ActivityIds, Plain(body?.Variables), Plain(body?.Input), cancellationToken) is { } snapshot
                ? TypedResults.Ok(snapshot)
                : await runtime.FindAsync(id, cancellationToken) is null ? Problems.Missing("instance", id) : Problems.Conflict($"Nothing in the instance \"{id}\" has failed{(body?.ActivityIds is null ? "" : " of what is named")}.");
        }
        catch (WorkflowInputException e)
        {
            return Refused(e.Message);
        }
    }

    private static async Task<Results<Ok<MoveResult>, ProblemHttpResult>> MoveAsync(string id, MoveBody body, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        if (Version(body.Version) is not { } version)
            return Problems.Range("version", body.Version, "a number, Published or Latest");
        try
        {
            if (await runtime.MoveAsync(id, version, body.DryRun, cancellationToken) is not { } result)
                return Problems.Missing("instance", id);
            return result.Moved || body.DryRun
                ? TypedResults.Ok(result)
                : TypedResults.Problem(
                    statusCode: StatusCodes.Status409Conflict,
                    title: "The instance does not fit that version",
                    detail: string.Join(" ", result.Misfits),
                    extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["misfits"] = result.Misfits });
        }
        catch (DefinitionNotFoundException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, title: "No such version", detail: e.Message);
        }
        catch (DefinitionException e)
        {
            return Problems.Conflict($"That version cannot run: {e.Message}");
        }
    }

    private static async Task<Results<Created<InstanceSnapshot>, ProblemHttpResult>> RerunAsync(
        string id, RerunBody? body, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        if (body?.Version is { ValueKind: not JsonValueKind.Null } wanted && Version(wanted) is null)
            return Problems.Range("version", wanted, "a number, Published or Latest");
        try
        {
            var result = await runtime.RerunAsync(id, body?.Version is { } v ? Version(v) : null, Plain(body?.Input), Plain(body?.Variables), cancellationToken);
            return result switch
            {
                null => Problems.Missing("instance", id),
                { Instance: { } started, Started: true } => TypedResults.Created($"/api/instances/{Uri.EscapeDataString(started.Id)}", started),
                { CannotStart: CannotStart.InvalidInput } => Refused(result.Reason!),
                _ => Problems.Conflict(result.Reason!),
            };
        }
        catch (WorkflowStartException e)
        {
            return Problems.Conflict(e.Message);
        }
    }

    private static ProblemHttpResult Refused(string detail) =>
        TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "The values do not fit the workflow", detail: detail);

    private static VersionOptions? Version(JsonElement version) =>
        version.ValueKind is JsonValueKind.Number or JsonValueKind.String && VersionOptions.TryParse(version.ToString(), VersionOptions.Published, out var options) ? options : null;

    private static Dictionary<string, object?>? Plain(IReadOnlyDictionary<string, JsonElement>? values) =>
        values?.ToDictionary(v => v.Key, v => JsonValues.FromElement(v.Value), StringComparer.Ordinal);
}

/// <summary>What is to be different when failed activities run again.</summary>
/// <param name="ActivityIds">Which activities; null for all that failed.</param>
/// <param name="Input">Values for workflow inputs.</param>
/// <param name="Variables">Values for workflow variables, by id or name.</param>
internal sealed record RetryBody(IReadOnlyList<string>? ActivityIds, IReadOnlyDictionary<string, JsonElement>? Input, IReadOnlyDictionary<string, JsonElement>? Variables);

/// <summary>Where an instance is to go.</summary>
/// <param name="Version">A version number, <c>Published</c> or <c>Latest</c>.</param>
/// <param name="DryRun">Whether only to tell what does not fit.</param>
internal sealed record MoveBody(JsonElement Version, bool DryRun = false);

/// <summary>What is to be different when a workflow runs once more.</summary>
/// <param name="Version">A version number, <c>Published</c> or <c>Latest</c>; left out for the version that ran.</param>
/// <param name="Input">Inputs that replace the ones it had.</param>
/// <param name="Variables">Values for workflow variables, by id or name.</param>
internal sealed record RerunBody(JsonElement? Version, IReadOnlyDictionary<string, JsonElement>? Input, IReadOnlyDictionary<string, JsonElement>? Variables);
