using System.Security.Cryptography;
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
        foreach (var name in ServerOwned)
            copy.Json.Remove(name);
        copy.UpdateNodeIds();
        return Convert.ToHexStringLower(SHA256.HashData(copy.ToUtf8Json()));
    }
}
