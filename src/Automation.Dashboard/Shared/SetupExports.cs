using Automation.Dashboard.Access;
using Automation.Dashboard.Mappings;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Shared;

/// <summary>The lists of rules, sources, replays, people and keys as files.</summary>
internal static class SetupExports
{
    public static void MapSetupExports(this IEndpointRouteBuilder app)
    {
        var viewing = app.MapGroup("").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        viewing.MapGet("/api/mappings/export", MappingsAsync).WithTags("Mappings").WithName("ExportMappings").WithSummary("The rules and triggers in force, as CSV or NDJSON; ?source=, ?type= and ?workflow= as on their page.");
        viewing.MapGet("/api/sources/export", SourcesAsync).WithTags("Sources").WithName("ExportSources").WithSummary("The sources as CSV or NDJSON.");
        viewing.MapGet("/api/replays/export", ReplaysAsync).WithTags("Events").WithName("ExportReplays").WithSummary("The latest bulk replays as CSV or NDJSON.");
        var administering = app.MapGroup("").WithTags("Access").WithMetadata(new LeastRoleAttribute(Role.Administrator));
        administering.MapGet("/api/users/export", UsersAsync).WithName("ExportUsers").WithSummary("The people who may sign in, as CSV or NDJSON.");
        administering.MapGet("/api/keys/export", KeysAsync).WithName("ExportKeys").WithSummary("The API keys, without the keys themselves, as CSV or NDJSON.");
    }

    private static Task<IResult> MappingsAsync(HttpContext context, MappingStore store, string? format, string? source, string? type, string? workflow) =>
        ListExport.WriteAsync<MappingRule>(context, format, "mappings", MappingList.Of(store, source, type, workflow).ToAsyncEnumerable(),
        [
            new("id", r => r.Id), new("source", r => r.Source), new("type", r => r.Type), new("filter", r => r.Filter), new("workflow", r => r.Workflow), new("by", r => r.Trigger is null ? "rule" : "trigger"),
            new("enabled", r => r.Enabled), new("priority", r => r.Priority), new("correlation", r => r.Correlation), new("inputs", r => r.Inputs is null ? null : Audit.Json(r.Inputs)),
            new("flow", r => Audit.Json(r.Flow)),
        ]);

    private static Task<IResult> SourcesAsync(HttpContext context, SourceCatalog sources, string? format) =>
        ListExport.WriteAsync<SourceInfo>(context, format, "sources", sources.All.ToAsyncEnumerable(),
        [
            new("slug", s => s.Slug), new("title", s => s.Title), new("preset", s => s.Preset), new("open", s => s.Open), new("verified", s => s.Verified), new("eventTypes", s => string.Join(' ', s.EventTypes)),
        ]);

    private static async Task<IResult> ReplaysAsync(HttpContext context, EventReplays replays, string? format) =>
        await ListExport.WriteAsync<ReplayProgress>(context, format, "replays", (await replays.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", r => r.Id), new("state", r => r.State.ToString()), new("dryRun", r => r.DryRun), new("source", r => r.Filter.Source), new("type", r => r.Filter.Type),
            new("status", r => r.Filter.Status?.ToString()), new("total", r => r.Total), new("done", r => r.Done), new("replayed", r => r.Replayed), new("problem", r => r.Problem),
            new("createdAt", r => r.CreatedAt), new("updatedAt", r => r.UpdatedAt),
        ]);

    private static async Task<IResult> UsersAsync(HttpContext context, Users users, string? format) =>
        await ListExport.WriteAsync<User>(context, format, "users", (await users.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", u => u.Id), new("name", u => u.Name), new("role", u => u.Role.Text()), new("disabled", u => u.Disabled), new("createdAt", u => u.CreatedAt), new("signedInAt", u => u.SignedInAt),
        ]);

    private static async Task<IResult> KeysAsync(HttpContext context, ApiKeys keys, string? format) =>
        await ListExport.WriteAsync<ApiKey>(context, format, "keys", (await keys.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", k => k.Id), new("name", k => k.Name), new("role", k => k.Role.Text()), new("scopes", k => string.Join(' ', k.Scopes)), new("createdAt", k => k.CreatedAt), new("createdBy", k => k.CreatedBy),
            new("expiresAt", k => k.ExpiresAt), new("usedAt", k => k.UsedAt),
        ]);
}
