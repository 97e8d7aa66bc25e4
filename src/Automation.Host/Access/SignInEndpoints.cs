using Automation.Dashboard.Access;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Host.Access;

/// <summary>How a person comes in: with name and password, with a key, or by the link that the server prints while it has no administrator.</summary>
internal static class SignInEndpoints
{
    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        var open = app.MapGroup("").AllowAnonymous().DisableAntiforgery().ExcludeFromDescription();
        open.MapPost("/sign-in", SignInAsync);
        open.MapGet("/sign-in/{ticket}", (string ticket, FirstRunLink link) =>
            // Who comes too late is told so before anything is filled in.
            Results.Redirect(link.Holds(ticket) ? "/sign-in?ticket=" + Uri.EscapeDataString(ticket) : "/sign-in?failed=link"));
        open.MapPost("/sign-in/first", CreateFirstAsync);
        open.MapPost("/sign-out", SignOutAsync);
    }

    private static async Task<IResult> SignInAsync(
        HttpContext context, [FromForm] string? name, [FromForm] string? password, [FromForm] string? key, [FromForm] string? returnUrl,
        Users users, ApiKeys keys, Sessions sessions, IAntiforgery antiforgery)
    {
        var again = "&returnUrl=" + Uri.EscapeDataString(Local(returnUrl)) + (string.IsNullOrEmpty(key) ? "" : "&with=key");
        // Signing somebody in to a foreign account is an attack too, so this form has its token like any other.
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.Redirect("/sign-in?failed=form" + again);
        string? owner;
        if (!string.IsNullOrWhiteSpace(key))
        {
            var found = await keys.FindAsync(key.Trim(), context.RequestAborted);
            if (found is { Scopes.Count: > 0 })
                return Results.Redirect("/sign-in?failed=scopes" + again);
            owner = found is null ? null : "key:" + found.Id;
        }
        else
        {
            owner = await users.SignInAsync(name, password, context.RequestAborted) is { } user ? "user:" + user.Id : null;
        }

        if (owner is null)
            return Results.Redirect($"/sign-in?failed={(string.IsNullOrWhiteSpace(key) ? "password" : "key")}" + again);
        await SessionCookie.EnterAsync(context, sessions, owner);
        return Results.Redirect(Local(returnUrl));
    }

    private static async Task<IResult> CreateFirstAsync(
        HttpContext context, [FromForm] string? ticket, [FromForm] string? name, [FromForm] string? password, [FromForm] string? repeated,
        FirstRunLink link, Users users, Sessions sessions, IAntiforgery antiforgery)
    {
        var again = "/sign-in?ticket=" + Uri.EscapeDataString(ticket ?? "");
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.Redirect(again);
        if (ticket is null || !link.Holds(ticket))
            return Results.Redirect("/sign-in?failed=link");
        try
        {
            if (password != repeated)
                throw new AccessException("The two passwords are not the same.");
            User? user = null;
            // The link is used up by the one who makes an administrator of it, not by the first who mistypes.
            if (!await link.UseAsync(ticket, async () => user = await users.CreateAsync(name, password, Role.Administrator, context.RequestAborted)))
                return Results.Redirect("/sign-in?failed=link");
            // As any other sign-in, so that it is seen when it was.
            await users.SignInAsync(user!.Name, password, context.RequestAborted);
            await SessionCookie.EnterAsync(context, sessions, "user:" + user.Id);
            return Results.Redirect("/");
        }
        catch (AccessException e)
        {
            Flash.Set(context, e.Message);
            return Results.Redirect(again);
        }
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, Sessions sessions, IAntiforgery antiforgery)
    {
        if (await antiforgery.IsRequestValidAsync(context))
        {
            await SessionCookie.LeaveAsync(context, sessions);
            await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        }

        return Results.Redirect("/sign-in");
    }

    /// <summary>The address to go on to, if it is one of ours: a foreign one would make the sign-in page a trap.</summary>
    internal static string Local(string? url) =>
        url is { Length: > 0 } && url[0] == '/' && !url.StartsWith("//", StringComparison.Ordinal) && !url.StartsWith("/\\", StringComparison.Ordinal) && !url.Any(char.IsControl)
            ? url
            : "/";
}
