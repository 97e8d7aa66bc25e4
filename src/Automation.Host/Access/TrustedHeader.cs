using System.Net;
using Automation.Dashboard.Access;
using Microsoft.Extensions.Options;

namespace Automation.Host.Access;

/// <summary>
/// Signs in whom a reverse proxy has authenticated, where that is switched on: a header names the user, and it counts only on
/// connections from the proxies that are named. It begins a session like any other, so that everything that holds of
/// sessions holds of these.
/// </summary>
internal sealed class TrustedHeader
{
    private readonly string? _header;
    private readonly IPNetwork[] _proxies;

    public TrustedHeader(IOptions<AccessOptions> options)
    {
        _header = string.IsNullOrWhiteSpace(options.Value.TrustedUserHeader) ? null : options.Value.TrustedUserHeader.Trim();
        _proxies = [.. options.Value.TrustedProxies.Select(AccessOptions.ReadProxy).OfType<IPNetwork>()];
    }

    /// <summary>The user whom the proxy names; null where it is switched off, the connection is not the proxy's, or it names nobody, or several.</summary>
    public string? NameIn(HttpContext context)
    {
        if (_header is null || context.Connection.RemoteIpAddress is not { } from || context.Request.Headers[_header] is not [{ Length: > 0 } name])
            return null;
        var address = from.IsIPv4MappedToIPv6 ? from.MapToIPv4() : from;
        return Array.Exists(_proxies, p => p.Contains(address)) ? name.Trim() : null;
    }

    /// <summary>Begins the session where the sign-in page is asked for; whoever has no account here sees the page.</summary>
    public static async Task EnterAsync(HttpContext context, RequestDelegate next)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || !context.Request.Path.Equals("/sign-in", StringComparison.OrdinalIgnoreCase)
            || context.RequestServices.GetRequiredService<TrustedHeader>().NameIn(context) is not { } name
            || await context.RequestServices.GetRequiredService<Users>().FindByNameAsync(name, context.RequestAborted) is not { Disabled: false } user)
        {
            await next(context);
            return;
        }

        await SessionCookie.EnterAsync(context, context.RequestServices.GetRequiredService<Sessions>(), "user:" + user.Id);
        context.Response.Redirect(SignInEndpoints.Local(context.Request.Query["returnUrl"]));
    }
}
