using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Automation.Steps.Editing;

/// <summary>An endpoint that reads or changes something that people edit, by its <c>ETag</c> and <c>If-Match</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EntityTagAttribute : Attribute;

/// <summary>
/// Keeps two people who edit the same thing from overwriting each other: what is read has an <c>ETag</c>, and a change with
/// <c>If-Match</c> is refused (412) where the thing is not that one any more. Such changes are made one after another, at all
/// servers of one database, so that between looking and writing nothing comes in.
/// </summary>
public static class EntityTags
{
    /// <summary>What whoever comes second is told.</summary>
    public const string Changed = "Somebody else has changed it meanwhile. Read it again and repeat your change.";

    // The number of the lock that the servers of one PostgreSQL share.
    private const long Key = 7023;

    private static readonly SemaphoreSlim One = new(1);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>The tag of what an editor sees of a thing, made of its content.</summary>
    /// <param name="seen">What counts as a change of it.</param>
    public static string Of(params object?[] seen) => $"\"{Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(seen, Json)).AsSpan(0, 8))}\"";

    /// <summary>Gives an endpoint tags: one that reads answers with <c>ETag</c>, one that changes heeds <c>If-Match</c>.</summary>
    /// <param name="route">The endpoint.</param>
    /// <param name="current">The tag of the thing that a request is about as it is now; null where there is none.</param>
    public static RouteHandlerBuilder WithEntityTag(this RouteHandlerBuilder route, Func<HttpContext, ValueTask<string?>> current)
    {
        ArgumentNullException.ThrowIfNull(route);
        return route.WithMetadata(new EntityTagAttribute()).AddEndpointFilter((invocation, next) => HttpMethods.IsGet(invocation.HttpContext.Request.Method)
            ? ReadAsync(invocation, next, current)
            : ChangeAsync(invocation, next, current));
    }

    /// <summary>Makes a change that a page's form asks for.</summary>
    /// <param name="context">The request.</param>
    /// <param name="seen">The tag that the form was made with; null or empty for none.</param>
    /// <param name="current">The tag as it is now.</param>
    /// <param name="change">The change.</param>
    /// <returns>False where it was not made, as somebody else was faster.</returns>
    public static async Task<bool> ChangeAsync(HttpContext context, string? seen, Func<ValueTask<string?>> current, Func<Task> change)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(current);
        ArgumentNullException.ThrowIfNull(change);
        await One.WaitAsync(context.RequestAborted);
        try
        {
            await using var held = await LockAsync(context);
            if (!string.IsNullOrEmpty(seen) && await current() != seen)
                return false;
            await change();
            return true;
        }
        finally
        {
            One.Release();
        }
    }

    private static async ValueTask<object?> ReadAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next, Func<HttpContext, ValueTask<string?>> current)
    {
        var context = invocation.HttpContext;
        // Before the thing is read: a change between the two makes the tag too old, never too new.
        var tag = await current(context);
        if (tag is null)
            return await next(invocation);
        context.Response.Headers.ETag = tag;
        return Names(context.Request.Headers.IfNoneMatch, tag) ? Results.StatusCode(StatusCodes.Status304NotModified) : await next(invocation);
    }

    private static async ValueTask<object?> ChangeAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next, Func<HttpContext, ValueTask<string?>> current)
    {
        var context = invocation.HttpContext;
        await One.WaitAsync(context.RequestAborted);
        try
        {
            await using var held = await LockAsync(context);
            if (context.Request.Headers.IfMatch is { Count: > 0 } wanted && !Names(wanted, await current(context)))
                return Results.Problem(Changed, statusCode: StatusCodes.Status412PreconditionFailed, title: "Changed meanwhile");
            if (context.Request.Headers.IfNoneMatch == "*" && await current(context) is not null)
                return Results.Problem("There is one of that name already.", statusCode: StatusCodes.Status412PreconditionFailed, title: "Is there already");
            var result = await next(invocation);
            if (!HttpMethods.IsDelete(context.Request.Method) && await current(context) is { } tag)
                context.Response.Headers.ETag = tag;
            return result;
        }
        finally
        {
            One.Release();
        }
    }

    // Each server comes with one at most, as its own wait for one another first.
    private static Task<IAsyncDisposable?> LockAsync(HttpContext context) =>
        context.RequestServices.GetRequiredService<Database>().LockAsync(Key, context.RequestAborted);

    /// <summary>Whether a condition names a tag. What is no tag names nothing, so that a change is refused rather than made by mistake.</summary>
    private static bool Names(Microsoft.Extensions.Primitives.StringValues condition, string? tag) =>
        tag is not null && EntityTagHeaderValue.TryParseList(condition, out var tags) && tags.Any(t => t.Tag == "*" || t.Tag == tag);
}
