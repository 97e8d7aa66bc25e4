using System.Runtime.CompilerServices;
using Automation.Dashboard.Access;
using Automation.Jobs;
using Automation.Steps.Notifications;
using Automation.Storage.Access;
using Automation.Workflows.Execution;
using Automation.Workflows.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Shared;

/// <summary>The lists of instances, jobs, notifications and changes as files, with the filters of their pages; the others stand in files of their own.</summary>
internal static class ListExports
{
    private const int Page = 500;

    // They are counted for each page.
    private const int InstancesPage = 5000;

    public static void MapListExports(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/instances/export", InstancesAsync).WithTags("Instances").WithName("ExportInstances").WithMetadata(new LeastRoleAttribute(Role.Viewer))
            .WithSummary("All instances of a filter, newest first, as CSV or NDJSON.");
        app.MapGet("/api/jobs/export", JobsAsync).WithTags("Jobs").WithName("ExportJobs").WithMetadata(new LeastRoleAttribute(Role.Viewer))
            .WithSummary("All jobs of a filter, newest first, as CSV or NDJSON.");
        app.MapGet("/api/notifications/export", NotificationsAsync).WithTags("Notifications").WithName("ExportNotifications").WithMetadata(new LeastRoleAttribute(Role.Viewer))
            .WithSummary("All notifications of a filter, newest first, as CSV or NDJSON.");
        app.MapGet("/api/audit/export", AuditAsync).WithTags("Access").WithName("ExportAudit").WithMetadata(new LeastRoleAttribute(Role.Administrator))
            .WithSummary("All changes of a filter, newest first, as CSV or NDJSON.");
        app.MapOutgoingExports();
        app.MapSetupExports();
    }

    private static Task<IResult> InstancesAsync(HttpContext context, InstanceQueries queries, string? format, string? workflow, string? status, string? correlationId, string? text, bool? hasIncidents)
    {
        WorkflowSubStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<WorkflowSubStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Task.FromResult<IResult>(Problems.Range("status", status, string.Join(", ", Enum.GetNames<WorkflowSubStatus>())));
            wanted = parsed;
        }

        var filter = new InstanceFilter
        {
            DefinitionIds = string.IsNullOrEmpty(workflow) ? [] : [workflow],
            SubStatuses = wanted is { } one ? [one] : [],
            CorrelationId = string.IsNullOrEmpty(correlationId) ? null : correlationId,
            SearchTerm = text,
            HasIncidents = hasIncidents,
            Take = InstancesPage,
        };
        return ListExport.WriteAsync<InstanceSummary>(context, format, "instances", ReadAsync(queries, filter, context.RequestAborted),
        [
            new("id", i => i.Id), new("workflow", i => i.DefinitionId), new("version", i => i.Version), new("name", i => i.Name), new("correlationId", i => i.CorrelationId),
            new("status", i => i.SubStatus.ToString()), new("incidents", i => i.IncidentCount), new("createdAt", i => i.CreatedAt), new("updatedAt", i => i.UpdatedAt), new("finishedAt", i => i.FinishedAt),
        ]);
    }

    private static Task<IResult> JobsAsync(
        HttpContext context, JobQueries queries, string? format, string? state, string? queue, string? name, string? argument, string? exception, DateTimeOffset? from, DateTimeOffset? to)
    {
        var filter = new JobFilter
        {
            State = Given(state), Queue = Given(queue), Name = Given(name), ArgumentText = Given(argument), ExceptionText = Given(exception), CreatedFrom = from, CreatedTo = to,
        };
        return ListExport.WriteAsync<JobSummary>(context, format, "jobs", ReadAsync(queries, filter, context.RequestAborted),
        [
            new("id", j => j.Id), new("name", j => j.Name), new("arguments", j => j.Arguments), new("state", j => j.State), new("stateSince", j => j.StateSince), new("reason", j => j.Reason),
            new("createdAt", j => j.CreatedAt), new("exception", j => j.StateData.GetValueOrDefault("ExceptionType")), new("message", j => j.StateData.GetValueOrDefault("ExceptionMessage")),
        ]);
    }

    private static Task<IResult> NotificationsAsync(HttpContext context, NotificationLog log, string? format, string? channel, string? status)
    {
        NotificationStatus? wanted = null;
        if (!string.IsNullOrEmpty(status))
        {
            if (!Enum.TryParse<NotificationStatus>(status, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return Task.FromResult<IResult>(Problems.Range("status", status, string.Join(", ", Enum.GetNames<NotificationStatus>())));
            wanted = parsed;
        }

        return ListExport.WriteAsync<Notification>(context, format, "notifications", log.AllAsync(Given(channel) ?? "", wanted?.ToString() ?? "", context.RequestAborted),
        [
            new("id", n => n.Id), new("channel", n => n.Channel), new("kind", n => n.Kind), new("recipient", n => n.Recipient), new("subject", n => n.Message.Subject), new("text", n => n.Message.Text),
            new("status", n => n.Status.ToString()), new("attempts", n => n.Attempts), new("note", n => n.Note), new("instanceId", n => n.InstanceId), new("createdAt", n => n.CreatedAt), new("sentAt", n => n.SentAt),
        ]);
    }

    private static Task<IResult> AuditAsync(HttpContext context, AuditLog log, string? format, string? kind, string? actor, string? text, DateTimeOffset? from, DateTimeOffset? to) =>
        ListExport.WriteAsync<AuditEntry>(context, format, "audit", ReadAsync(log, new AuditFilter(Given(kind), Given(actor), Given(text), from, to), context.RequestAborted),
        [
            new("id", a => a.Id), new("at", a => a.At), new("actor", a => a.Actor), new("action", a => a.Action), new("kind", a => a.Kind), new("subject", a => a.Subject),
            new("outcome", a => a.Outcome), new("remoteIp", a => a.RemoteIp), new("before", a => a.Before), new("after", a => a.After),
        ]);

    private static async IAsyncEnumerable<InstanceSummary> ReadAsync(InstanceQueries queries, InstanceFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Each page begins at the time where the one before ended, behind those of that time that it had: what starts while the
        // file is written moves nothing, and a page far down costs no more than the first.
        var (until, had) = ((DateTimeOffset?)null, 0);
        while (true)
        {
            var from = until is { } time ? filter with { Timestamps = [new TimestampFilter(InstanceOrder.Created, TimestampOperator.LessThanOrEqual, time)], Skip = had } : filter;
            var page = (await queries.ListAsync(from, cancellationToken)).Items;
            foreach (var item in page)
            {
                had = item.CreatedAt == until ? had + 1 : 1;
                until = item.CreatedAt;
                yield return item;
            }

            if (page.Count < filter.Take)
                yield break;
        }
    }

    private static async IAsyncEnumerable<JobSummary> ReadAsync(JobQueries queries, JobFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long? before = null;
        do
        {
            var page = await queries.ListAsync(filter, before, Page, cancellationToken);
            foreach (var job in page.Jobs)
                yield return job;
            before = page.Before;
        }
        while (before is not null);
    }

    private static async IAsyncEnumerable<AuditEntry> ReadAsync(AuditLog log, AuditFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? before = null;
        do
        {
            var page = await log.ListAsync(filter, before, AuditLog.MaxLimit, cancellationToken);
            foreach (var item in page.Items)
                yield return item;
            before = page.Next;
        }
        while (before is not null);
    }

    private static string? Given(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
