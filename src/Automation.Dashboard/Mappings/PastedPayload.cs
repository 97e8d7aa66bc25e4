namespace Automation.Dashboard.Mappings;

/// <summary>A payload that somebody wants to know about.</summary>
internal sealed class PastedPayload
{
    public string? Source { get; set; }

    public string? Body { get; set; }

    /// <summary>Headers, one a line.</summary>
    public string? Headers { get; set; }

    /// <summary>The query string.</summary>
    public string? Query { get; set; }

    /// <summary>The headers by name; a line without a colon is none.</summary>
    public Dictionary<string, string> HeaderTexts()
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in (Headers ?? "").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(':', 2, StringSplitOptions.TrimEntries) is [{ Length: > 0 } name, var value])
                headers[name] = value;
        }

        return headers;
    }
}
