using System.Security.Claims;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Access;

/// <summary>One's own account over HTTP: who one is, where one is signed in, and how to end that.</summary>
internal static class AccountApi
{
    public static void MapAccountApi(this IEndpointRouteBuilder app)
    {
        var account = app.MapGroup("/api/account").WithTags("Access").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        account.MapGet("/", (HttpContext context) => TypedResults.Ok(new AccountAnswer(
                context.User.Identity?.Name, context.User.FindFirst(ClaimTypes.Role)?.Value, AccessActions.Owner(context))))
            .WithName("GetAccount").WithSummary("Says who is calling, and with which role.");
        account.MapGet("/sessions", async (HttpContext context, Sessions sessions) =>
                TypedResults.Ok((await sessions.OfAsync(AccessActions.Owner(context), context.RequestAborted)).Select(s => new SessionAnswer(s.CreatedAt, s.SeenAt, s.ExpiresAt, s.RemoteIp, s.Agent))))
            .WithName("ListSessions").WithSummary("Where the caller is signed in, or where a browser came in with the caller's key; the one used last first.");
        account.MapPost("/sign-out", async (HttpContext context, Sessions sessions) =>
            {
                await sessions.EndAllAsync(AccessActions.Owner(context), context.RequestAborted);
                return TypedResults.NoContent();
            })
            .WithName("SignOutEverywhere").WithSummary("Ends all sessions of the caller, on every browser.");
        account.MapPost("/password", ChangePasswordAsync)
            .WithName("ChangeOwnPassword").WithSummary("Gives the caller another password and ends all their sessions. Wrong present passwords count as wrong sign-ins.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ChangePasswordAsync(PasswordBody body, HttpContext context, Users users)
    {
        try
        {
            await users.ChangePasswordAsync(AccessActions.Owner(context), body.Present, body.Password, context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (AccessException e)
        {
            return AccessApi.Refused(e);
        }
    }
}

/// <summary>Who is calling.</summary>
/// <param name="Name">Name of the user or key.</param>
/// <param name="Role">Their role.</param>
/// <param name="Id"><c>user:ID</c> or <c>key:ID</c>.</param>
internal sealed record AccountAnswer(string? Name, string? Role, string? Id);

/// <summary>A browser that the caller is signed in on.</summary>
/// <param name="CreatedAt">When they signed in there.</param>
/// <param name="SeenAt">When it was last used, to five minutes.</param>
/// <param name="ExpiresAt">When it ends at the latest.</param>
/// <param name="RemoteIp">Address that they signed in from.</param>
/// <param name="Agent">The browser, as it names itself.</param>
internal sealed record SessionAnswer(DateTimeOffset CreatedAt, DateTimeOffset SeenAt, DateTimeOffset ExpiresAt, string? RemoteIp, string? Agent);

/// <summary>Another password.</summary>
/// <param name="Present">The one that the caller has.</param>
/// <param name="Password">The one that they want.</param>
internal sealed record PasswordBody(string? Present, string? Password);
