using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Graph;

/// <summary>Reads which inputs and outputs the records of an activity keep: property, then activity, then workflow, else everything.</summary>
internal static class LogPersistenceReader
{
    public static LogPersistence Read(CompiledActivity node, ActivityCompilation report)
    {
        var own = node.Json["customProperties"] as JsonObject;
        var workflow = node.Owner.Definition.CustomProperties;
        if (own is null && workflow is null)
            return LogPersistence.All;
        var workflowDefault = Mode(Setting(workflow, "default"));
        var activityDefault = Mode(Setting(own, "default")) ?? workflowDefault ?? true;
        var inputs = Each(own, "inputs");
        var outputs = Each(own, "outputs");
        var internalState = Mode(Setting(own, "internalState")) ?? activityDefault;
        if (activityDefault && internalState && inputs is null && outputs is null)
            return LogPersistence.All;
        return new LogPersistence
        {
            Inputs = activityDefault,
            Outputs = activityDefault,
            InternalState = internalState,
            PerInput = inputs,
            PerOutput = outputs,
        };
    }

    private static JsonNode? Setting(JsonObject? custom, string name) =>
        (custom?["logPersistenceConfig"] as JsonObject)?[name] ?? (custom?["logPersistenceMode"] as JsonObject)?[name];

    private static Dictionary<string, bool>? Each(JsonObject? custom, string name)
    {
        if (Setting(custom, name) is not JsonObject settings)
            return null;
        Dictionary<string, bool>? result = null;
        foreach (var (key, value) in settings)
        {
            if (Mode(value) is { } keep)
                (result ??= new Dictionary<string, bool>(StringComparer.OrdinalIgnoreCase))[key] = keep;
        }

        return result;
    }

    /// <summary>True to keep, false to leave out, null to inherit. A strategy object names a strategy type; the older form is the mode itself.</summary>
    private static bool? Mode(JsonNode? setting)
    {
        var text = setting switch
        {
            JsonValue v when v.TryGetValue(out string? s) => s,
            JsonObject o => DeclarationReader.Text(o, "strategyType"),
            _ => null,
        };
        if (text is null)
            return null;
        var name = text.Split(',')[0];
        return name[(name.LastIndexOf('.') + 1)..] switch
        {
            "Include" => true,
            "Exclude" => false,
            _ => null,
        };
    }
}
