namespace Automation.Host.Access;

/// <summary>Which part of the API a key opens: <c>events</c> all of it, <c>events:read</c> what only looks.</summary>
internal static class Scopes
{
    public static bool Allow(IReadOnlyList<string> scopes, HttpRequest request)
    {
        if (scopes.Count == 0)
            return true;
        if (Part(request.Path) is not { Length: > 0 } part)
            return false;
        var reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        return scopes.Contains(part, StringComparer.OrdinalIgnoreCase) || (reads && scopes.Contains(part + ":read", StringComparer.OrdinalIgnoreCase));
    }

    private static string? Part(PathString path)
    {
        if (path.StartsWithSegments("/elsa", StringComparison.OrdinalIgnoreCase))
            return "workflows";
        return path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase, out var rest) ? rest.Value?.Trim('/').Split('/')[0] : null;
    }
}
