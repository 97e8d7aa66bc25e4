using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;

namespace Automation.Studio.Api.Definitions;

/// <summary>
/// Tells a save that is based on something older than what is stored. The Studio hands a definition's custom properties
/// back as it got them, so they carry which version and which of its writes a person has before them; they are neither
/// stored nor exported.
/// </summary>
internal static class Revision
{
    private const string Member = "automationRevision";

    public static void Put(JsonObject document, DefinitionSummary summary)
    {
        if (document["customProperties"] is JsonObject properties)
            properties[Member] = string.Create(CultureInfo.InvariantCulture, $"{summary.Id}:{summary.Revision}");
    }

    /// <summary>Takes the mark out of content that is to be saved.</summary>
    /// <returns>The revision of the latest version that the content is based on; null where it does not say.</returns>
    /// <exception cref="DefinitionConflictException">The content is based on a version that is no longer the latest.</exception>
    public static async Task<long?> TakeAsync(WorkflowDefinition definition, WorkflowDefinitionManager manager, CancellationToken cancellationToken)
    {
        if (Remove(definition.Json) is not { } mark || definition.DefinitionId is not { Length: > 0 } definitionId)
            return null;
        var colon = mark.LastIndexOf(':');
        if (colon < 0 || !long.TryParse(mark.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
            return null;
        if (await manager.FindAsync(definitionId, VersionOptions.Latest, cancellationToken) is not { } latest)
            return null;
        return latest.Summary.Id == mark[..colon] ? revision : throw new DefinitionConflictException(definitionId);
    }

    /// <summary>Takes the mark out, for content that replaces whatever is there.</summary>
    public static string? Remove(JsonObject json)
    {
        if (json["customProperties"] is not JsonObject properties || properties[Member] is not { } value)
            return null;
        properties.Remove(Member);
        return value is JsonValue text && text.TryGetValue(out string? mark) ? mark : null;
    }
}
