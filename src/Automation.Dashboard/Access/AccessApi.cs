using Automation.Dashboard.Shared;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Dashboard.Access;

/// <summary>Users and keys over HTTP.</summary>
internal static class AccessApi
{
    public static void MapAccessApi(this IEndpointRouteBuilder app)
    {
        app.MapAccountApi();

        var users = app.MapGroup("/api/users").WithTags("Access").WithMetadata(new LeastRoleAttribute(Role.Administrator));
        users.MapGet("/", async (Users all, CancellationToken token) => TypedResults.Ok(await all.ListAsync(token))).WithName("ListUsers").WithSummary("Lists the people who may sign in.");
        users.MapPost("/", CreateUserAsync).WithName("CreateUser").WithSummary("Adds a person.");
        users.MapGet("/{id}", async Task<Results<Ok<User>, ProblemHttpResult>> (string id, Users all, CancellationToken token) =>
            await all.FindAsync(id, token) is { } found ? TypedResults.Ok(found) : Problems.Missing("user", id)).WithEntityTag(UserTagAsync).WithName("FindUser").WithSummary("A person who may sign in.");
        users.MapPatch("/{id}", ChangeUserAsync).WithEntityTag(UserTagAsync).WithName("ChangeUser").WithSummary("Changes role, state or password. What is left out stays.");
        users.MapDelete("/{id}", DeleteUserAsync).WithEntityTag(UserTagAsync).WithName("DeleteUser").WithSummary("Removes a person and ends their sessions.");
        users.MapPost("/{id}/sign-out", SignOutAsync).WithName("SignOutUser").WithSummary("Ends all sessions of a person.");

        var keys = app.MapGroup("/api/keys").WithTags("Access").WithMetadata(new LeastRoleAttribute(Role.Administrator));
        keys.MapGet("/", async (ApiKeys all, CancellationToken token) => TypedResults.Ok(await all.ListAsync(token))).WithName("ListKeys").WithSummary("Lists the API keys, without the keys themselves.");
        keys.MapPost("/", CreateKeyAsync).WithName("CreateKey").WithSummary("Makes a key; the answer is the only place that shows it.");
        keys.MapGet("/{id}", async Task<Results<Ok<ApiKey>, ProblemHttpResult>> (string id, ApiKeys all, CancellationToken token) =>
            await FindKeyAsync(id, all, token) is { } found ? TypedResults.Ok(found) : Problems.Missing("key", id)).WithEntityTag(KeyTagAsync).WithName("FindKey").WithSummary("An API key, without the key itself.");
        keys.MapDelete("/{id}", DeleteKeyAsync).WithEntityTag(KeyTagAsync).WithName("DeleteKey").WithSummary("Revokes a key at once.");
    }

    private static async ValueTask<string?> UserTagAsync(HttpContext context) =>
        (await context.RequestServices.GetRequiredService<Users>().FindAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted))?.Tag;

    // A key is used, but never changed.
    private static async ValueTask<string?> KeyTagAsync(HttpContext context) =>
        await FindKeyAsync((string)context.Request.RouteValues["id"]!, context.RequestServices.GetRequiredService<ApiKeys>(), context.RequestAborted) is { } found ? EntityTags.Of(found.Id) : null;

    private static async Task<ApiKey?> FindKeyAsync(string id, ApiKeys keys, CancellationToken token) => (await keys.ListAsync(token)).FirstOrDefault(k => k.Id == id);

    private static async Task<Results<Created<User>, ProblemHttpResult>> CreateUserAsync(UserBody body, HttpContext context, Users users)
    {
        try
        {
            var user = await users.CreateAsync(body.Name, body.Password, RoleOf(body.Role) ?? Role.Viewer, context.RequestAborted);
            Audit.Note(context, user.Name, null, Audit.Json(user));
            return TypedResults.Created("/api/users/" + user.Id, user);
        }
        catch (AccessException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<Ok<User>, ProblemHttpResult>> ChangeUserAsync(string id, UserBody body, HttpContext context, Users users)
    {
        try
        {
            if (await users.FindAsync(id, context.RequestAborted) is not { } before)
                return Problems.Missing("user", id);
            if (body.Password is not null)
                await users.SetPasswordAsync(id, body.Password, context.RequestAborted);
            var after = await users.ChangeAsync(id, RoleOf(body.Role), body.Disabled, context.RequestAborted);
            Audit.Note(context, before.Name, Audit.Json(before), Audit.Json(after));
            return after is null ? Problems.Missing("user", id) : TypedResults.Ok(after);
        }
        catch (AccessException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteUserAsync(string id, HttpContext context, Users users)
    {
        try
        {
            var before = await users.FindAsync(id, context.RequestAborted);
            Audit.Note(context, before?.Name ?? id, Audit.Json(before), null);
            return await users.DeleteAsync(id, context.RequestAborted) ? TypedResults.NoContent() : Problems.Missing("user", id);
        }
        catch (AccessException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SignOutAsync(string id, Users users, Sessions sessions, CancellationToken token)
    {
        if (await users.FindAsync(id, token) is null)
            return Problems.Missing("user", id);
        await sessions.EndAllAsync("user:" + id, token);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Created<NewKeyAnswer>, ProblemHttpResult>> CreateKeyAsync(KeyBody body, HttpContext context, ApiKeys keys)
    {
        try
        {
            var (key, secret) = await keys.CreateAsync(body.Name, RoleOf(body.Role) ?? Role.Viewer, body.Scopes ?? [], body.ExpiresAt, context.User.Identity?.Name, context.RequestAborted);
            Audit.Note(context, key.Name, null, Audit.Json(key));
            return TypedResults.Created("/api/keys/" + key.Id, new NewKeyAnswer(key, secret));
        }
        catch (AccessException e)
        {
            return Refused(e);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteKeyAsync(string id, HttpContext context, ApiKeys keys)
    {
        var before = await FindKeyAsync(id, keys, context.RequestAborted);
        Audit.Note(context, before?.Name ?? id, Audit.Json(before), null);
        return await keys.DeleteAsync(id, context.RequestAborted) ? TypedResults.NoContent() : Problems.Missing("key", id);
    }

    private static Role? RoleOf(string? text) =>
        text is null ? null : Roles.TryParse(text, out var role) ? role : throw new AccessException($"A role is one of {string.Join(", ", Roles.All)}.");

    internal static ProblemHttpResult Refused(AccessException e) =>
        TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "This is not allowed", detail: e.Message);
}

/// <summary>A person as given by a caller.</summary>
/// <param name="Name">What they sign in as.</param>
/// <param name="Password">Their password.</param>
/// <param name="Role">viewer (the default), operator, designer or administrator.</param>
/// <param name="Disabled">Whether they are kept out.</param>
internal sealed record UserBody(string? Name, string? Password, string? Role, bool? Disabled);

/// <summary>A key that is wanted.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Role">viewer (the default), operator, designer or administrator.</param>
/// <param name="Scopes">The parts of the API that it opens, such as <c>events</c> or <c>jobs:read</c>; none for all.</param>
/// <param name="ExpiresAt">When it stops to work; null for never.</param>
internal sealed record KeyBody(string? Name, string? Role, IReadOnlyList<string>? Scopes, DateTimeOffset? ExpiresAt);

/// <summary>A key that was made.</summary>
/// <param name="Key">What may be known about it.</param>
/// <param name="Secret">The key itself, shown this once.</param>
internal sealed record NewKeyAnswer(ApiKey Key, string Secret);
