using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Automation.Steps.Data;

/// <summary>Collections of documents over HTTP. A document's version is its <c>ETag</c>; <c>If-Match</c> and <c>If-None-Match: *</c> hold changes to it.</summary>
public static class DocumentApi
{
    /// <summary>Maps <c>/api/data</c>.</summary>
    /// <param name="app">The routes.</param>
    public static void MapDocuments(this IEndpointRouteBuilder app)
    {
        var data = app.MapGroup("/api/data").WithTags("Data").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        data.MapGet("/", async (DocumentCollections collections, CancellationToken cancellationToken) => TypedResults.Ok(await collections.ListAsync(cancellationToken)))
            .WithName("ListCollections").WithSummary("The collections with their sizes, counted up to 10,000.");
        data.MapPost("/{collection}/query", QueryAsync).WithName("QueryDocuments")
            .WithSummary("The documents of a collection whose fields are as asked, by key or by a field. By key, its \"next\" is the next page's \"after\"; by a field, skip leads on.");
        data.MapGet("/{collection}/{key}", FindAsync).WithName("GetDocument").WithSummary("Reads a document; its version is the ETag.").WithMetadata(new EntityTagAttribute());
        data.MapPut("/{collection}/{key}", PutAsync).WithName("PutDocument").WithSummary("Stores a document; with If-Match only over that version, with If-None-Match: * only where there is none.")
            .Accepts<JsonElement>("application/json").WithMetadata(new LeastRoleAttribute(Role.Operator), new EntityTagAttribute());
        data.MapDelete("/{collection}/{key}", DeleteAsync).WithName("DeleteDocument").WithSummary("Removes a document; with If-Match only that version.").WithMetadata(new LeastRoleAttribute(Role.Operator), new EntityTagAttribute());
    }

    private static async Task<Results<Ok<DocumentPage>, ProblemHttpResult>> QueryAsync(string collection, DocumentQuery? body, DocumentQueries queries, CancellationToken cancellationToken)
    {
        try
        {
            if (body?.After is not null && body.OrderBy is not null)
                return Refusals.Range("after", body.After, "only where documents are sorted by key");
            var take = body?.Take ?? 100;
            var found = await queries.FindAsync(collection, body?.Where, body?.OrderBy, body?.Skip ?? 0, take, cancellationToken, body?.After);
            return TypedResults.Ok(new DocumentPage([.. found.Select(View)], found.Count == take && string.IsNullOrWhiteSpace(body?.OrderBy) ? found[^1].Key : null));
        }
        catch (DocumentException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<Ok<DocumentView>, StatusCodeHttpResult, ProblemHttpResult>> FindAsync(string collection, string key, HttpContext context, DocumentStore store)
    {
        try
        {
            if (await store.FindAsync(collection, key, context.RequestAborted) is not { } found)
                return Missing(collection, key);
            context.Response.Headers.ETag = Tag(found.Version);
            return context.Request.Headers.IfNoneMatch.ToString() == Tag(found.Version) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(View(found));
        }
        catch (DocumentException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<Created<DocumentView>, Ok<DocumentView>, ProblemHttpResult>> PutAsync(string collection, string key, JsonElement body, HttpContext context, DocumentStore store)
    {
        if (!TryReadCondition(context.Request, out var expected))
            return BadCondition();
        try
        {
            var text = body.GetRawText();
            if (await store.ReplaceAsync(collection, key, text, expected, context.RequestAborted) is not { } stored)
                return Changed(collection, key);
            context.Response.Headers.ETag = Tag(stored.Version);
            return stored.Version == 1 ? TypedResults.Created($"/api/data/{Uri.EscapeDataString(collection)}/{Uri.EscapeDataString(key)}", View(stored)) : TypedResults.Ok(View(stored));
        }
        catch (DocumentException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string collection, string key, HttpContext context, DocumentStore store)
    {
        if (!TryReadCondition(context.Request, out var expected) || expected == 0)
            return BadCondition();
        try
        {
            return await store.RemoveAsync(collection, key, expected, context.RequestAborted) switch
            {
                true => TypedResults.NoContent(),
                false => Changed(collection, key),
                null => Missing(collection, key),
            };
        }
        catch (DocumentException e)
        {
            return Refused(e);
        }
    }

    /// <summary>The version that must be there: null for any, 0 for none.</summary>
    private static bool TryReadCondition(HttpRequest request, out long? expected)
    {
        expected = null;
        if (request.Headers[HeaderNames.IfNoneMatch].ToString() is { Length: > 0 } none)
        {
            expected = 0;
            return none == "*";
        }

        if (request.Headers[HeaderNames.IfMatch].ToString() is not { Length: > 0 } match || match == "*")
            return true;
        if (!long.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) || version == 0)
            return false;
        expected = version;
        return true;
    }

    private static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    private static DocumentView View(Document document) =>
        new(document.Key, document.Version, JsonNode.Parse(document.Body), document.CreatedAt, document.UpdatedAt, document.ExpiresAt);

    private static ProblemHttpResult Refused(DocumentException e) => Refusals.Invalid("document or query", e.Message);

    private static ProblemHttpResult Missing(string collection, string key) => Refusals.Missing("document", $"{collection}/{key}");

    private static ProblemHttpResult Changed(string collection, string key) => TypedResults.Problem(
        statusCode: StatusCodes.Status412PreconditionFailed, title: "Changed meanwhile",
        detail: $"The document \"{key}\" in \"{collection}\" is not the one that was expected: somebody has changed it. Read it again.");

    private static ProblemHttpResult BadCondition() => TypedResults.Problem(
        statusCode: StatusCodes.Status400BadRequest, title: "The condition cannot be read", detail: "If-Match must be a version as ETag gives it, If-None-Match must be *.");

    internal sealed record DocumentPage(IReadOnlyList<DocumentView> Items, string? Next);

    internal sealed record DocumentQuery(JsonElement? Where, string? OrderBy, int? Skip, int? Take, string? After);

    internal sealed record DocumentView(string Key, long Version, JsonNode? Body, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? ExpiresAt);
}
