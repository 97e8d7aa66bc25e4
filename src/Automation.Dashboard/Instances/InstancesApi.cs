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

    // Times are kept to the microsecond; so many at one are a synthetic load.
    private const int MostOfOneMoment = 5000;

    public static void MapInstancesApi(this IEndpointRouteBuilder app)
    {
        var instances = app.MapGroup("/api/instances").WithTags("Instances").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        instances.MapGet("/", ListAsync).WithName("ListInstances").WithSummary("Lists instances, newest first; its \"next\" is the next page's \"before\". totalCount counts what is left from there.");
        instances.MapGet("/{id}", FindAsync).WithName("GetInstance").WithSummary("Reads one instance: its activities with inputs and outputs, its HTTP exchanges, the events that started it.");
        instances.MapPost("/{id}/cancel", CancelAsync).WithName("CancelInstance").WithSummary("Cancels an instance; the answer says what was stopped and what is still running.").WithMetadata(new LeastRoleAttribute(Role.Operator));
        instances.MapRepair();
    }

    // workflow is a definition id; status is a sub-status (Suspended, Faulted …); text is found in ids, name and correlation id.
    private static async Task<Results<Ok<InstancesAnswer>, ProblemHttpResult>> ListAsync(
        InstanceQueries queries, string? workflow, string? status, string? correlationId, string? text, bool? hasIncidents, DateTimeOffset? before, int? skip, int? take, CancellationToken cancellationToken)
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

        var filter = new InstanceFilter
        {
            DefinitionIds = string.IsNullOrEmpty(workflow) ? [] : [workflow],
            SubStatuses = wanted is { } one ? [one] : [],
            CorrelationId = string.IsNullOrEmpty(correlationId) ? null : correlationId,
            SearchTerm = text,
            HasIncidents = hasIncidents,
            Timestamps = before is { } time ? [new TimestampFilter(InstanceOrder.Created, TimestampOperator.LessThan, time)] : [],
            Skip = skip ?? 0,
            Take = take ?? 50,
        };
        var page = await queries.ListAsync(filter, cancellationToken);
        if (skip > 0 || page.Items.Count < filter.Take || page.TotalCount <= filter.Take)
            return TypedResults.Ok(new InstancesAnswer(page.Items, page.TotalCount, null));

        // Those that were made at the same moment as the last one all belong to this page, so that the next begins with an earlier one.
        var last = page.Items[^1].CreatedAt;
        var same = filter with { Timestamps = [new TimestampFilter(InstanceOrder.Created, TimestampOperator.Is, last)], Skip = 0, Take = MostOfOneMoment };
        IReadOnlyList<InstanceSummary> items = [.. page.Items, .. (await queries.ListAsync(same, cancellationToken)).Items.ExceptBy(page.Items.Select(i => i.Id), i => i.Id)];
        return TypedResults.Ok(new InstancesAnswer(items, page.TotalCount, last));
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

/// <summary>One page of instances.</summary>
/// <param name="Items">The instances, newest first; those of one moment are all on one page.</param>
/// <param name="TotalCount">How many match, of those before the place asked for.</param>
/// <param name="Next">The <c>before</c> of the next page; null at the end.</param>
internal sealed record InstancesAnswer(IReadOnlyList<InstanceSummary> Items, long TotalCount, DateTimeOffset? Next);

/// <summary>One instance with what is known of it.</summary>
/// <param name="Instance">What lists show.</param>
/// <param name="Events">The events that started it.</param>
/// <param name="Activities">Every execution of an activity, in order.</param>
/// <param name="HttpExchanges">Every HTTP request that it sent, with the answer.</param>
internal sealed record InstanceAnswer(
    InstanceSummary Instance, IReadOnlyList<EventSummary> Events, IReadOnlyList<ActivityExecution> Activities, IReadOnlyList<StoredHttpExchange> HttpExchanges);
