using System.Runtime.CompilerServices;
using Automation.Dashboard.Access;
using Automation.Dashboard.Mappings;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;
using Automation.Steps.Notifications;
using Automation.Steps.Secrets;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Exports;

/// <summary>How the server is set up and by whom as files: rules, sources, replays, channels, secrets, people, keys, changes.</summary>
internal static class SetupExports
{
    public static Task<IResult> MappingsAsync(HttpContext context, MappingStore store, string? format, string? source, string? type, string? workflow) =>
        ListExport.WriteAsync<MappingRule>(context, format, "mappings", MappingList.Of(store, source, type, workflow).ToAsyncEnumerable(),
        [
            new("id", r => r.Id), new("source", r => r.Source), new("type", r => r.Type), new("filter", r => r.Filter), new("workflow", r => r.Workflow), new("by", r => r.Trigger is null ? "rule" : "trigger"),
            new("enabled", r => r.Enabled), new("priority", r => r.Priority), new("correlation", r => r.Correlation), new("inputs", r => r.Inputs is null ? null : Audit.Json(r.Inputs)),
            new("flow", r => Audit.Json(r.Flow)),
        ]);

    public static Task<IResult> SourcesAsync(HttpContext context, SourceCatalog sources, string? format) =>
        ListExport.WriteAsync<SourceInfo>(context, format, "sources", sources.All.ToAsyncEnumerable(),
        [
            new("slug", s => s.Slug), new("title", s => s.Title), new("preset", s => s.Preset), new("open", s => s.Open), new("verified", s => s.Verified), new("eventTypes", s => string.Join(' ', s.EventTypes)),
        ]);

    public static async Task<IResult> ReplaysAsync(HttpContext context, EventReplays replays, string? format) =>
        await ListExport.WriteAsync<ReplayProgress>(context, format, "replays", (await replays.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", r => r.Id), new("state", r => r.State.ToString()), new("dryRun", r => r.DryRun), new("source", r => r.Filter.Source), new("type", r => r.Filter.Type),
            new("status", r => r.Filter.Status?.ToString()), new("total", r => r.Total), new("done", r => r.Done), new("replayed", r => r.Replayed), new("problem", r => r.Problem),
            new("createdAt", r => r.CreatedAt), new("updatedAt", r => r.UpdatedAt),
        ]);

    public static async Task<IResult> UsersAsync(HttpContext context, Users users, string? format) =>
        await ListExport.WriteAsync<User>(context, format, "users", (await users.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", u => u.Id), new("name", u => u.Name), new("role", u => u.Role.Text()), new("disabled", u => u.Disabled), new("createdAt", u => u.CreatedAt), new("signedInAt", u => u.SignedInAt),
        ]);

    public static async Task<IResult> KeysAsync(HttpContext context, ApiKeys keys, string? format) =>
        await ListExport.WriteAsync<ApiKey>(context, format, "keys", (await keys.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("id", k => k.Id), new("name", k => k.Name), new("role", k => k.Role.Text()), new("scopes", k => string.Join(' ', k.Scopes)), new("createdAt", k => k.CreatedAt), new("createdBy", k => k.CreatedBy),
            new("expiresAt", k => k.ExpiresAt), new("usedAt", k => k.UsedAt),
        ]);

    public static async Task<IResult> ChannelsAsync(HttpContext context, ChannelStore store, string? format) =>
        await ListExport.WriteAsync<Channel>(context, format, "channels", (await store.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
        [
            new("name", c => c.Name), new("kind", c => c.Options.Kind.ToString()), new("description", c => c.Options.Description), new("to", c => c.Options.To), new("enabled", c => c.Options.Enabled),
            new("fallback", c => c.Options.Fallback), new("secret", c => c.Options.Secret), new("limitPerMinute", c => c.Options.LimitPerMinute), new("quietHours", c => c.Options.QuietHours),
            new("fromConfiguration", c => c.IsFromConfiguration),
        ]);

    public static async Task<IResult> SecretsAsync(HttpContext context, SecretStore store, string? format) =>
        await ListExport.WriteAsync<SecretInfo>(context, format, "secrets", (await store.ListAsync(context.RequestAborted)).ToAsyncEnumerable(),
            [new("name", s => s.Name), new("createdAt", s => s.CreatedAt), new("updatedAt", s => s.UpdatedAt)]);

    public static Task<IResult> AuditAsync(HttpContext context, AuditLog log, string? format, string? kind, string? actor, string? text, DateTimeOffset? from, DateTimeOffset? to) =>
        ListExport.WriteAsync<AuditEntry>(context, format, "audit", ReadAsync(log, new AuditFilter(Given(kind), Given(actor), Given(text), from, to), context.RequestAborted),
        [
            new("id", a => a.Id), new("at", a => a.At), new("actor", a => a.Actor), new("action", a => a.Action), new("kind", a => a.Kind), new("subject", a => a.Subject),
            new("outcome", a => a.Outcome), new("remoteIp", a => a.RemoteIp), new("before", a => a.Before), new("after", a => a.After),
        ]);

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
}
