namespace Automation.Dashboard.Shared;

/// <summary>Addresses with a query, written the same everywhere.</summary>
internal static class Links
{
    /// <summary>A path with the parameters that have a value.</summary>
    public static string To(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var link = path;
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (string.IsNullOrEmpty(value))
                continue;
            link += $"{separator}{name}={Uri.EscapeDataString(value)}";
            separator = '&';
        }

        return link;
    }
}
