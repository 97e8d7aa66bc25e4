using Automation.Dashboard.Shared;
using Automation.Intake.Events;
using Automation.Steps.Http;
using Automation.Storage.Access;
using Automation.Workflows.Execution;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Instances;

/// <summary>Workflow instances over HTTP.</summary>
internal static class InstancesApi
{
    private const int MaxTake = 500;

    public static void MapInstancesApi(this IEndpointRouteBuilder app)
    {
        var instances = app.MapGroup("/api/instances").WithTags("Instances").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        instances.MapGet("/", ListAsync).WithName("ListInstances").WithSummary("Lists instances, newest first.");
        instances.MapGet("/{id}", FindAsync).WithName("GetInstance").WithSummary("Reads one instance: its activities with inputs and outputs, its HTTP exchanges, the events that started it.");
        instances.MapPost("/{id}/cancel", CancelAsync).WithName("CancelInstance").WithSummary("Cancels an instance; the answer says what was stopped and what is still running.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        instances.MapRepair();
    }

    // workflow is a definition id; status is a sub-status (Suspended, Faulted …); text is found in ids, name and correlation id.
    private static async Task<Results<Ok<Page<InstanceSummary>>, ProblemHttpResult>> ListAsync(
        InstanceQueries queries, string? workflow, string? status, string? correlationId, string? text, bool? hasIncidents, int? skip, int? take, CancellationToken cancellationToken)
    {
        if (take is < 1 or > MaxTake)
            return Problems.Range("take", take, $"1 to {MaxTake}");
        if (skip < 0)
            return Problems.Range("skip", skip, "0 or more");
        WorkflowSubStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<WorkflowSubStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Problems.Range("status", status, string.Join(", ", Enum.GetNames<WorkflowSubStatus>()));
            wanted = parsed;
        }

        return TypedResults.Ok(await queries.ListAsync(
            new InstanceFilter
            {
                DefinitionIds = string.IsNullOrEmpty(workflow) ? [] : [workflow],
                SubStatuses = wanted is { } one ? [one] : [],
                CorrelationId = string.IsNullOrEmpty(correlationId) ? null : correlationId,
                SearchTerm = text,
                HasIncidents = hasIncidents,
                Skip = skip ?? 0,
                Take = take ?? 50,
            },
            cancellationToken));
    }

    private static async Task<Results<Ok<InstanceAnswer>, ProblemHttpResult>> FindAsync(
        string id, InstanceQueries queries, JournalQueries journal, HttpExchangeLog exchanges, EventQueries events, CancellationToken cancellationToken)
    {
        if ((await queries.ListAsync(new InstanceFilter { Ids = [id], Take = 1 }, cancellationToken)).Items is not [var instance])
            return Problems.Missing("instance", id);
        return TypedResults.Ok(new InstanceAnswer(
            instance,
            await events.OfInstanceAsync(id, cancellationToken),
            await journal.ListExecutionsAsync(id, cancellationToken: cancellationToken),
            await exchanges.OfInstanceAsync(id, after: null, take: MaxTake, cancellationToken)));
    }

    private static async Task<Results<Ok<CancelResult>, ProblemHttpResult>> CancelAsync(string id, WorkflowRuntime runtime, CancellationToken cancellationToken) =>
        await runtime.CancelAsync(id, cancellationToken: cancellationToken) is { Found: true } result ? TypedResults.Ok(result) : Problems.Missing("instance", id);
}

/// <summary>One instance with what is known of it.</summary>
/// <param name="Instance">What lists show.</param>
/// <param name="Events">The events that started it.</param>
/// <param name="Activities">Every execution of an activity, in order.</param>
/// <param name="HttpExchanges">Every HTTP request that it sent, with the answer.</param>
internal sealed record InstanceAnswer(
    InstanceSummary Instance, IReadOnlyList<EventSummary> Events, IReadOnlyList<ActivityExecution> Activities, IReadOnlyList<StoredHttpExchange> HttpExchanges);
