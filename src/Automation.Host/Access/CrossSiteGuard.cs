namespace Automation.Host.Access;

/// <summary>
/// Refuses changes that another site's page asks for with a visitor's session. Forms have a token besides; the API, which has
/// none, relies on this and on the cookie's SameSite.
/// </summary>
internal static class CrossSiteGuard
{
    public static void UseCrossSiteGuard(this IApplicationBuilder app) => app.Use((context, next) =>
        IsForeign(context.Request)
            ? TypedResults.Problem(statusCode: StatusCodes.Status403Forbidden, title: "This came from another site", detail: "Changes are taken from this server's own pages only, or with an API key.").ExecuteAsync(context)
            : next(context));

    private static bool IsForeign(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method))
            return false;
        // A key in a header is never sent by a browser on its own.
        if (!request.Cookies.ContainsKey(SessionCookie.Name) || request.Headers.ContainsKey("Authorization"))
            return false;
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site)
            return site is not ("same-origin" or "none");
        return request.Headers.Origin.ToString() is { Length: > 0 } origin
            && !(Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }
}
