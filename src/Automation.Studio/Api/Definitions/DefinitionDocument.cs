using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Workflows.Management;

namespace Automation.Studio.Api.Definitions;

/// <summary>The full JSON of a stored version, as the API gives it and as it is exported.</summary>
internal static class DefinitionDocument
{
    private const string Schema = "https://elsaworkflows.io/schemas/workflow-definition/v3.0.0/schema.json";

    /// <summary>Members that clients count on, in the order that the genuine server writes them.</summary>
    private static readonly string[] Order =
    [
        "id", "definitionId", "name", "description", "createdAt", "version", "toolVersion", "providerName", "variables", "inputs",
        "outputs", "outcomes", "customProperties", "isReadonly", "isSystem", "isLatest", "isPublished", "options", "usableAsActivity", "root",
    ];

    /// <summary>With links, for the API.</summary>
    public static JsonObject WithLinks(StoredDefinition stored, bool canRun, bool canDesign)
    {
        var document = new JsonObject
        {
            ["links"] = JsonSerializer.SerializeToNode(
                Links.For(stored.Summary.DefinitionId, canRun, canDesign && !stored.Summary.IsReadonly), StudioJson.Default.IReadOnlyListLink),
        };
        Fill(document, stored);
        Revision.Put(document, stored.Summary);
        return document;
    }

    /// <summary>As a file that every Elsa 3 imports.</summary>
    public static JsonObject ForExport(StoredDefinition stored) => Fill(new JsonObject { ["$schema"] = Schema }, stored);

    private static JsonObject Fill(JsonObject document, StoredDefinition stored)
    {
        var json = stored.ToDefinition().Json;
        json.Remove("$schema");
        json.Remove("links");
        foreach (var list in (ReadOnlySpan<string>)["variables", "inputs", "outputs", "outcomes"])
            json[list] ??= new JsonArray();
        json["customProperties"] ??= new JsonObject();
        json["options"] ??= new JsonObject { ["autoUpdateConsumingWorkflows"] = false };
        json.Remove("materializerName");
        json["providerName"] = stored.Summary.ProviderName;
        json["isReadonly"] = stored.Summary.IsReadonly;
        json["name"] = stored.Summary.Name;
        json["description"] = stored.Summary.Description;

        foreach (var name in Order)
            Move(name);
        foreach (var name in json.Select(m => m.Key).ToList())
            Move(name);
        return document;

        // Nothing for null, as everywhere in this API; a node can have one parent only, so it is taken out first.
        void Move(string name)
        {
            if (json[name] is { } value)
            {
                json.Remove(name);
                document[name] = value;
            }
        }
    }
}
