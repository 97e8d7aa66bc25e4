using System.Text;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Graph;

/// <summary>Workflows that are used as activities of other workflows.</summary>
public static class WorkflowActivities
{
    /// <summary>The activity type under which a workflow is used: its name, PascalCased.</summary>
    /// <param name="workflowName">Name of the workflow.</param>
    public static string TypeName(string workflowName)
    {
        ArgumentNullException.ThrowIfNull(workflowName);
        var text = new StringBuilder(workflowName.Length);
        var upper = true;
        foreach (var c in workflowName)
        {
            if (!char.IsLetterOrDigit(c) && c is not '_')
            {
                upper = true;
                continue;
            }

            text.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = false;
        }

        return text.ToString();
    }

    /// <summary>The descriptor of a workflow as an activity.</summary>
    /// <param name="definition">The workflow.</param>
    public static ActivityDescriptor Describe(WorkflowDefinition definition)
    {
        ArgumentNullException.ThrowIfNull(definition);
        var ports = new List<PortDescriptor> { new("Root", IsEmbedded: true, IsBrowsable: false) };
        ports.AddRange(definition.Outcomes.Select(o => new PortDescriptor(o)));
        return new ActivityDescriptor
        {
            TypeName = TypeName(definition.Name ?? definition.DefinitionId ?? ""),
            Version = definition.Version,
            Category = definition.ActivityCategory ?? "Workflows",
            DisplayName = definition.Name ?? definition.DefinitionId ?? "",
            Description = definition.Description,
            IsBrowsable = definition.IsPublished,
            Inputs =
            [
                .. definition.Inputs.Select(i => new InputDescriptor
                {
                    Name = i.Name,
                    TypeName = i.Type.Alias,
                    DisplayName = Text(i.Json, "displayName") ?? i.Name,
                    Description = Text(i.Json, "description"),
                    Category = Text(i.Json, "category"),
                    UIHint = Text(i.Json, "uiHint") ?? "singleline",
                    IsSynthetic = true,
                }),
            ],
            Outputs = [.. definition.Outputs.Select(o => new OutputDescriptor(o.Name, o.Type.Alias, Text(o.Json, "displayName") ?? o.Name, Text(o.Json, "description")) { IsSynthetic = true })],
            Ports = ports,
            CustomProperties = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["RootType"] = "WorkflowDefinitionActivity",
                ["WorkflowDefinitionId"] = definition.DefinitionId,
                ["WorkflowDefinitionVersionId"] = definition.Id,
            },
            ConstructionProperties = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["WorkflowDefinitionId"] = definition.DefinitionId,
                ["WorkflowDefinitionVersionId"] = definition.Id,
                ["Version"] = (long)definition.Version,
            },
        };
    }

    private static string? Text(System.Text.Json.JsonElement json, string name) =>
        json.TryGetProperty(name, out var v) && v.ValueKind == System.Text.Json.JsonValueKind.String && v.GetString() is { Length: > 0 } s ? s : null;
}
