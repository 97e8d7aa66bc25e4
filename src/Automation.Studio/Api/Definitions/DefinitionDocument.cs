using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Studio.Api.Descriptors;
using Automation.Workflows.Definitions;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

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

    /// <summary>
    /// With links, for the API. Activities of types that are not known are shown as placeholders, without which the Studio
    /// draws nothing at all; what it saves is turned back.
    /// </summary>
    public static async Task<JsonObject> ShowAsync(HttpContext context, StoredDefinition stored)
    {
        var known = await context.RequestServices.GetRequiredService<ActivityDescriptors>().KnownAsync(context.RequestAborted);
        var (canRun, canDesign) = DefinitionEndpoints.RightsOf(context);
        var document = new JsonObject
        {
            ["links"] = JsonSerializer.SerializeToNode(
                Links.For(stored.Summary.DefinitionId, canRun, canDesign && !stored.Summary.IsReadonly), StudioJson.Default.IReadOnlyListLink),
        };
        Fill(document, stored, MissingActivities.ToPlaceholders(stored.ToDefinition(), known));
        Revision.Put(document, stored.Summary);
        return document;
    }

    /// <summary>As a file that every Elsa 3 imports.</summary>
    public static JsonObject ForExport(StoredDefinition stored) => Fill(new JsonObject { ["$schema"] = Schema }, stored, stored.ToDefinition());

    private static JsonObject Fill(JsonObject document, StoredDefinition stored, WorkflowDefinition content)
    {
        var json = content.Json;
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
