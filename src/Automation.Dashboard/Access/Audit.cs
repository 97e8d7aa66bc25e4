using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Dashboard.Access;

/// <summary>
/// Writes down every change that somebody who is signed in asks for. Whoever handles the request may say what was changed
/// (<see cref="Note"/>); of workflow definitions and secrets it is read here, before and after.
/// </summary>
public static class Audit
{
    private const int MaxBody = 4 << 20;

    private static readonly SqlStatement SelectDefinition = new(
        "SELECT version, is_published, content FROM workflow_definitions WHERE definition_id = $1 AND is_latest");

    private static readonly SqlStatement SelectSecret = new("SELECT updated_at FROM secrets WHERE name = $1");

    private static readonly JsonSerializerOptions Written = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private static readonly string[] SubjectParts = ["id", "name", "slug", "definitionId", "versionId", "instanceId", "queue", "collection", "key", "page", "move", "change"];

    /// <summary>Says what a request changed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="subject">What, as people name it.</param>
    /// <param name="before">What it was.</param>
    /// <param name="after">What it is now.</param>
    public static void Note(HttpContext context, string subject, string? before, string? after) => context.Features.Set(new Said(subject, before, after));

    /// <summary>Says that a request was refused, although its answer leads back to a page.</summary>
    public static void Refused(HttpContext context) => context.Features.Set(new Refusal());

    /// <summary>A value as the log shows it; null for null.</summary>
    public static string? Json(object? value) => value is null ? null : JsonSerializer.Serialize(value, Written);

    /// <summary>Adds the writing to the pipeline; behind authorization.</summary>
    public static void UseAudit(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (context.GetEndpoint() is not RouteEndpoint endpoint || !Changes(context, endpoint))
        {
            await next(context);
            return;
        }

        var kind = Kind(endpoint.RoutePattern.RawText ?? "");
        var subject = await SubjectAsync(context, kind);
        var before = await ReadAsync(context, kind, subject);
        await next(context);
        var said = context.Features.Get<Said>();
        var outcome = context.Features.Get<Refusal>() is null ? context.Response.StatusCode : StatusCodes.Status400BadRequest;
        var after = outcome < 400 ? said?.After ?? await ReadAsync(context, kind, subject) : null;
        // The change is made, so it is written down even where the caller has gone.
        await context.RequestServices.GetRequiredService<AuditLog>().WriteAsync(
            context.User.Identity?.Name ?? "", $"{context.Request.Method} {endpoint.RoutePattern.RawText?.TrimEnd('/')}", kind, said?.Subject ?? subject, outcome,
            said?.Before ?? before, after, context.Connection.RemoteIpAddress?.ToString(), CancellationToken.None);
    });

    /// <summary>Whether a request may change something. A list that is asked for by POST needs no more than a viewer.</summary>
    private static bool Changes(HttpContext context, RouteEndpoint endpoint) =>
        !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) && !HttpMethods.IsOptions(context.Request.Method)
        && context.User.Identity is { IsAuthenticated: true }
        && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null
        && (endpoint.LeastRole() is not Role.Viewer || Kind(endpoint.RoutePattern.RawText ?? "") == "account");

    private static string Kind(string pattern)
    {
        var parts = pattern.Trim('/').Split('/');
        var first = parts[0] is "api" && parts.Length > 1 ? parts[1] : parts[0] is "elsa" && parts.Length > 2 ? parts[2] : parts[0];
        if (first == "bulk-actions" && parts.Length > 4)
            first = parts[4];
        return first switch
        {
            "workflow-definitions" or "workflow-definition-versions" or "actions" => "definition",
            "workflow-instances" or "instances" or "cancel" or "alterations" or "tasks" => "instance",
            "hangfire" or "jobs" => "job",
            "events" => "event",
            "deliveries" => "delivery",
            "data" => "document",
            _ => first.TrimEnd('s'),
        };
    }

    private static async Task<string> SubjectAsync(HttpContext context, string kind)
    {
        var named = string.Join('/', SubjectParts.Select(p => context.Request.RouteValues.GetValueOrDefault(p)?.ToString()).Where(v => !string.IsNullOrEmpty(v)));
        if (named.Length > 0 || kind != "definition" || context.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) != true)
            return named;

        // Elsa's clients name the definition that they save in the body.
        context.Request.EnableBuffering(bufferLimit: 64 << 20);
        if (context.Request.ContentLength is not (> 0 and <= MaxBody))
            return named;
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
            return body.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("model", out var model)
                && model.ValueKind == JsonValueKind.Object && model.TryGetProperty("definitionId", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString()! : named;
        }
        catch (JsonException)
        {
            // Its handler says so.
            return named;
        }
        finally
        {
            context.Request.Body.Position = 0;
        }
    }

    private static async Task<string?> ReadAsync(HttpContext context, string kind, string subject)
    {
        var database = context.RequestServices.GetRequiredService<Database>();
        switch (kind)
        {
            case "definition" when subject.Length > 0:
                return (await database.QueryAsync(SelectDefinition, CancellationToken.None, subject.Split('/')[0])).Rows is [var row, ..]
                    ? $"{{\"version\":{row[0].AsInteger},\"isPublished\":{(row[1].AsBoolean ? "true" : "false")},\"definition\":{row[2].AsText}}}" : null;
            case "secret" when subject.Length > 0:
                return (await database.QueryAsync(SelectSecret, CancellationToken.None, subject)).Rows is [var secret]
                    ? Json(new { name = subject, value = "…", updatedAt = secret[0].AsMicrosTime }) : null;
            default:
                return null;
        }
    }

    private sealed record Said(string Subject, string? Before, string? After);

    private sealed class Refusal;
}
