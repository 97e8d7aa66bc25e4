using System.Security.Claims;
using Automation.Dashboard.Access;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Automation.Host.Access;

/// <summary>The browser's half of a session: a cookie that names it. Each request asks whether the session still stands.</summary>
internal static class SessionCookie
{
    public const string Name = "automation-session";
    private const string Token = "automation:session";

    /// <summary>Begins a session; one that the browser brought along is ended, so that nobody can plant theirs.</summary>
    public static async Task EnterAsync(HttpContext context, Sessions sessions, string owner)
    {
        await LeaveAsync(context, sessions);
        var token = await sessions.BeginAsync(owner, context.Connection.RemoteIpAddress?.ToString(), context.Request.Headers.UserAgent.ToString(), context.RequestAborted);
        var identity = new ClaimsIdentity([new Claim(Token, token)], CookieAuthenticationDefaults.AuthenticationScheme);
        await context.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = true });
    }

    /// <summary>Ends the session that the browser brought along, if any.</summary>
    public static async Task LeaveAsync(HttpContext context, Sessions sessions)
    {
        var brought = await context.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        if (brought.Principal?.FindFirst(Token)?.Value is { } token)
            await sessions.EndAsync(token, context.RequestAborted);
    }

    /// <summary>Makes the cookie's bearer whoever the session stands for now: name and role are never the cookie's.</summary>
    public static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        var sessions = context.HttpContext.RequestServices.GetRequiredService<Sessions>();
        if (context.Principal?.FindFirst(Token)?.Value is not { } token || await sessions.FindAsync(token, context.HttpContext.RequestAborted) is not { } who)
        {
            context.RejectPrincipal();
            return;
        }

        // Somebody else sits at the browser now, as the proxy says: their own session begins.
        if (context.HttpContext.RequestServices.GetRequiredService<TrustedHeader>().NameIn(context.HttpContext) is { } named
            && !named.Equals(who.Name, StringComparison.OrdinalIgnoreCase))
        {
            context.RejectPrincipal();
            return;
        }

        context.ReplacePrincipal(new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim(Token, token),
                new Claim(ClaimTypes.Name, who.Name),
                new Claim(ClaimTypes.NameIdentifier, who.Session.Owner),
                new Claim(ClaimTypes.Role, who.Role.Text()),
            ],
            CookieAuthenticationDefaults.AuthenticationScheme)));
    }
}
