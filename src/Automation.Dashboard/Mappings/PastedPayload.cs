namespace Automation.Dashboard.Mappings;

/// <summary>A payload that somebody wants to know about.</summary>
internal sealed class PastedPayload
{
    public string? Source { get; set; }

    public string? Body { get; set; }
}
