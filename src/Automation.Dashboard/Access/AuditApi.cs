using Automation.Dashboard.Shared;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Access;

/// <summary>The audit log over HTTP.</summary>
internal static class AuditApi
{
    public static void MapAuditApi(this IEndpointRouteBuilder app)
    {
        var audit = app.MapGroup("/api/audit").WithTags("Access").WithMetadata(new LeastRoleAttribute(Role.Administrator));
        audit.MapGet("/", ListAsync).WithName("ListAudit").WithSummary("Lists who changed what, newest first.");
        audit.MapGet("/{id}", FindAsync).WithName("GetAudit").WithSummary("Reads one entry.");
    }

    // kind and actor are exact, text is a piece of subject or action; before is the "next" of the page that came last.
    private static async Task<Results<Ok<AuditPage>, ProblemHttpResult>> ListAsync(
        AuditLog log, string? kind, string? actor, string? text, DateTimeOffset? from, DateTimeOffset? to, string? before, int? limit, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > AuditLog.MaxLimit)
            return Problems.Range("limit", limit, $"1 to {AuditLog.MaxLimit}");
        return TypedResults.Ok(await log.ListAsync(new AuditFilter(Given(kind), Given(actor), Given(text), from, to), Given(before), limit ?? 50, cancellationToken));
    }

    private static async Task<Results<Ok<AuditEntry>, ProblemHttpResult>> FindAsync(string id, AuditLog log, CancellationToken cancellationToken) =>
        await log.FindAsync(id, cancellationToken) is { } entry ? TypedResults.Ok(entry) : Problems.Missing("entry", id);
}
