using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Mvc;

namespace Automation.Host.Access;

/// <summary>How a person signs in: with a key, or by the link that the server printed at its first start.</summary>
internal static class SignInEndpoints
{
    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapPost("/sign-in", SignInWithKeyAsync).AllowAnonymous().DisableAntiforgery();
        app.MapGet("/sign-in/{ticket}", SignInWithLinkAsync).AllowAnonymous();
        app.MapPost("/sign-out", SignOutAsync).AllowAnonymous().DisableAntiforgery();
    }

    private static async Task<IResult> SignInWithKeyAsync(HttpContext context, [FromForm] string? key, [FromForm] string? returnUrl, ApiKeys keys, IAntiforgery antiforgery)
    {
        // Signing somebody in to a foreign account is an attack too, so this form has its token like any other.
        if (!await antiforgery.IsRequestValidAsync(context))
            return Results.Redirect("/sign-in?failed=1");
        if (key is null || await keys.FindAsync(key.Trim(), context.RequestAborted) is not { } found)
            return Results.Redirect("/sign-in?failed=1&returnUrl=" + Uri.EscapeDataString(Local(returnUrl)));
        return await EnterAsync(context, found, returnUrl);
    }

    private static async Task<IResult> SignInWithLinkAsync(HttpContext context, string ticket, FirstRunLink link) =>
        link.TryUse(ticket) ? await EnterAsync(context, new ApiKey("First administrator", "administrator"), "/") : Results.Redirect("/sign-in?failed=1&link=1");

    private static async Task<IResult> SignOutAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (await antiforgery.IsRequestValidAsync(context))
            await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Results.Redirect("/sign-in");
    }

    private static async Task<IResult> EnterAsync(HttpContext context, ApiKey key, string? returnUrl)
    {
        var identity = new ClaimsIdentity(
            [new Claim(ClaimTypes.Name, key.Name), new Claim(ClaimTypes.Role, key.Role)], CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, new ClaimsPrincipal(identity));
        return Results.Redirect(Local(returnUrl));
    }

    /// <summary>The address to go on to, if it is one of ours: a foreign one would make the sign-in page a trap.</summary>
    internal static string Local(string? url) =>
        url is { Length: > 0 } && url[0] == '/' && !url.StartsWith("//", StringComparison.Ordinal) && !url.StartsWith("/\\", StringComparison.Ordinal) && !url.Any(char.IsControl)
            ? url
            : "/";
}
