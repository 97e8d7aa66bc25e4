using System.Globalization;
using System.Security.Claims;
using Automation.Dashboard.Shell;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Access;

/// <summary>What the forms of the pages about users, keys and one's own account do.</summary>
internal static class AccessActions
{
    /// <summary>What the note about a new key begins with.</summary>
    public const string NewKey = "new-key ";

    public static void MapAccessActions(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("").AddEndpointFilter(PageActions.RequireTokenAsync).WithMetadata(new LeastRoleAttribute(Role.Administrator)).ExcludeFromDescription().DisableAntiforgery();
        actions.MapPost("/users/add", (HttpContext context, Users users) => DoAsync(context, "/users", async (form, token) =>
        {
            var user = await users.CreateAsync(form["name"], form["password"], RoleOf(form), token);
            Audit.Note(context, user.Name, null, Audit.Json(user));
        }));
        actions.MapPost("/users/{id}/role", (string id, HttpContext context, Users users) => DoAsync(context, "/users", async (form, token) =>
            await ChangeAsync(context, users, id, RoleOf(form), null, form["tag"], token)));
        actions.MapPost("/users/{id}/{change:regex(^(enable|disable)$)}", (string id, string change, HttpContext context, Users users) => DoAsync(context, "/users", async (form, token) =>
            await ChangeAsync(context, users, id, null, change == "disable", form["tag"], token)));
        actions.MapPost("/users/{id}/password", (string id, HttpContext context, Users users) => DoAsync(context, "/users", async (form, token) =>
        {
            Audit.Note(context, (await users.FindAsync(id, token))?.Name ?? id, null, null);
            await users.SetPasswordAsync(id, form["password"], token);
        }));
        actions.MapPost("/users/{id}/sign-out", (string id, HttpContext context, Sessions sessions) => DoAsync(context, "/users", async (_, token) =>
            await sessions.EndAllAsync("user:" + id, token)));
        actions.MapPost("/users/{id}/delete", (string id, HttpContext context, Users users) => DoAsync(context, "/users", async (_, token) =>
        {
            var before = await users.FindAsync(id, token);
            Audit.Note(context, before?.Name ?? id, Audit.Json(before), null);
            await users.DeleteAsync(id, token);
        }));
        actions.MapPost("/keys/add", (HttpContext context, ApiKeys keys, TimeProvider clock) => DoAsync(context, "/users", async (form, token) =>
        {
            DateTimeOffset? until = int.TryParse(form["days"], NumberStyles.None, CultureInfo.InvariantCulture, out var days) && days is > 0 and <= 3650
                ? clock.GetUtcNow() + TimeSpan.FromDays(days)
                : null;
            var scopes = form["scopes"].ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
            var (key, secret) = await keys.CreateAsync(form["name"], RoleOf(form), scopes, until, context.User.Identity?.Name, token);
            Audit.Note(context, key.Name, null, Audit.Json(key));
            Flash.Set(context, NewKey + secret);
        }));
        actions.MapPost("/keys/{id}/delete", (string id, HttpContext context, ApiKeys keys) => DoAsync(context, "/users", async (_, token) =>
        {
            var before = (await keys.ListAsync(token)).FirstOrDefault(k => k.Id == id);
            Audit.Note(context, before?.Name ?? id, Audit.Json(before), null);
            await keys.DeleteAsync(id, token);
        }));

        var own = app.MapGroup("/account").AddEndpointFilter(PageActions.RequireTokenAsync).WithMetadata(new LeastRoleAttribute(Role.Viewer)).ExcludeFromDescription().DisableAntiforgery();
        own.MapPost("/sign-out", (HttpContext context, Sessions sessions) => DoAsync(context, "/sign-in", async (_, token) => await sessions.EndAllAsync(Owner(context), token)));
        own.MapPost("/password", (HttpContext context, Users users) => DoAsync(context, "/account", async (form, token) =>
            await users.ChangePasswordAsync(Owner(context), form["present"], form["password"], token)));
    }

    private static async Task ChangeAsync(HttpContext context, Users users, string id, Role? role, bool? disabled, string? tag, CancellationToken token)
    {
        var before = await users.FindAsync(id, token);
        if (!await EntityTags.ChangeAsync(
            context, tag, async () => (await users.FindAsync(id, token))?.Tag,
            async () => Audit.Note(context, before?.Name ?? id, Audit.Json(before), Audit.Json(await users.ChangeAsync(id, role, disabled, token)))))
            throw new AccessException(EntityTags.Changed);
    }

    /// <summary>Does it and leads back to the page, which says why where it was refused.</summary>
    private static async Task<IResult> DoAsync(HttpContext context, string page, Func<IFormCollection, CancellationToken, Task> action)
    {
        try
        {
            await action(await context.Request.ReadFormAsync(context.RequestAborted), context.RequestAborted);
        }
        catch (AccessException e)
        {
            Flash.Set(context, e.Message);
            Audit.Refused(context);
        }

        return Results.Redirect(page);
    }

    private static Role RoleOf(IFormCollection form) =>
        Roles.TryParse(form["role"], out var role) ? role : throw new AccessException($"A role is one of {string.Join(", ", Roles.All)}.");

    /// <summary>Who asks: <c>user:ID</c> or <c>key:ID</c>.</summary>
    internal static string Owner(HttpContext context) => context.User.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? "";
}
