using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Management;

/// <summary>Says whether two definitions have the same content, whatever version each is stored as.</summary>
internal static class DefinitionHash
{
    /// <summary>What the server decides, and so is no content.</summary>
    private static readonly string[] ServerOwned = ["id", "definitionId", "version", "createdAt", "isLatest", "isPublished", "isReadonly", "links"];

    public static string Of(WorkflowDefinition definition)
    {
        var copy = definition.Clone();
        copy.UpdateNodeIds();
        foreach (var name in ServerOwned)
            copy.Json.Remove(name);
        if (!copy.IsSystem)
            copy.Json.Remove("isSystem");
        // Members may stand in another order after having been stamped, and names lose their outer blanks on saving.
        copy.Name = copy.Name?.Trim();
        var sorted = new JsonObject();
        foreach (var (name, value) in copy.Json.Where(m => m.Value is not null).OrderBy(m => m.Key, StringComparer.Ordinal).ToList())
        {
            copy.Json[name] = null;
            sorted.Add(name, value);
        }

        return Convert.ToHexStringLower(SHA256.HashData(JsonValues.ToUtf8(sorted)));
    }
}
