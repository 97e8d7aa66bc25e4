using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Flow;

/// <summary>Checks what containers have in common.</summary>
internal static class ContainerShape
{
    /// <summary>A list of activities must be a list of objects that are activities.</summary>
    public static void CheckActivities(ActivityCompilation context, string property = "activities")
    {
        if (context.Json[property] is not { } value)
            return;
        if (DeclarationReader.Unwrap(value) is not { } list)
        {
            context.Error(property, $"must be a list of activities, but is {DefinitionShape.Describe(value)}.");
            return;
        }

        for (var i = 0; i < list.Count; i++)
        {
            if (list[i] is not JsonObject o)
                context.Error($"{property}[{i}]", $"must be an activity, but is {DefinitionShape.Describe(list[i])}.");
            else if (!ActivityTree.IsActivity(o))
                context.Error($"{property}[{i}]", "has no id or no type.");
        }
    }
}
