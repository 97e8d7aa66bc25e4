using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Intake.Mapping;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Mappings;

/// <summary>A rule as the form has it: texts, some of them JSON.</summary>
public sealed record RuleForm
{
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Name of the rule; empty for one that is made up.</summary>
    public string Id { get; init; } = "";

    /// <summary>Source pattern.</summary>
    public string Source { get; init; } = "";

    /// <summary>Event type pattern.</summary>
    public string Type { get; init; } = "";

    /// <summary>Definition id of the workflow.</summary>
    public string Workflow { get; init; } = "";

    /// <summary>JavaScript that must be true.</summary>
    public string Filter { get; init; } = "";

    /// <summary>JSON object of the inputs.</summary>
    public string Inputs { get; init; } = "";

    /// <summary>Template of the correlation id.</summary>
    public string Correlation { get; init; } = "";

    /// <summary>A whole number, or empty.</summary>
    public string Priority { get; init; } = "";

    /// <summary>JSON object of the flow control.</summary>
    public string Flow { get; init; } = "";

    /// <summary>Whether it is in force.</summary>
    public bool Enabled { get; init; } = true;

    internal static RuleForm Of(string id, JsonObject rule) => new()
    {
        Id = Text(rule, "id") is { Length: > 0 } own ? own : id,
        Source = Text(rule, "source"),
        Type = Text(rule, "type"),
        Workflow = Text(rule, "workflow"),
        Filter = Text(rule, "filter"),
        Inputs = rule["inputs"]?.ToJsonString(Pretty) ?? "",
        Correlation = Text(rule, "correlation"),
        Priority = rule["priority"]?.ToJsonString() ?? "",
        Flow = rule["flow"]?.ToJsonString(Pretty) ?? "",
        Enabled = rule["enabled"]?.ToJsonString() != "false",
    };

    internal static RuleForm Of(IFormCollection form) => new()
    {
        Id = Field(form, "id"),
        Source = Field(form, "source"),
        Type = Field(form, "type"),
        Workflow = Field(form, "workflow"),
        Filter = Field(form, "filter"),
        Inputs = Field(form, "inputs"),
        Correlation = Field(form, "correlation"),
        Priority = Field(form, "priority"),
        Flow = Field(form, "flow"),
        Enabled = form["enabled"] == "on",
    };

    /// <summary>The rule as the file has it.</summary>
    /// <exception cref="MappingRefusedException">A field that takes JSON or a number holds something else.</exception>
    internal JsonObject ToRule()
    {
        var rule = new JsonObject();
        void Put(string name, string value)
        {
            if (value.Length > 0)
                rule[name] = value;
        }

        Put("id", Id);
        Put("source", Source);
        Put("type", Type);
        rule["workflow"] = Workflow;
        Put("filter", Filter);
        if (Json("Inputs", Inputs) is { } inputs)
            rule["inputs"] = inputs;
        Put("correlation", Correlation);
        if (Priority.Length > 0)
        {
            rule["priority"] = int.TryParse(Priority, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new MappingRefusedException($"Priority is \"{Priority}\"; a whole number is wanted.");
        }

        if (Json("Flow control", Flow) is { } flow)
            rule["flow"] = flow;
        if (!Enabled)
            rule["enabled"] = false;
        return rule;
    }

    /// <summary>The rule as the router has it.</summary>
    /// <exception cref="MappingRefusedException">It cannot be one.</exception>
    internal MappingRule ToMappingRule() => RuleTrial.Read(JsonSerializer.SerializeToElement(ToRule()));

    private static JsonObject? Json(string title, string text)
    {
        if (text.Length == 0)
            return null;
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new MappingRefusedException($"{title}: a JSON object is wanted.");
        }
        catch (JsonException e)
        {
            throw new MappingRefusedException($"{title}: not JSON at line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}.");
        }
    }

    private static string Field(IFormCollection form, string name) => form[name].ToString().ReplaceLineEndings("\n").Trim();

    private static string Text(JsonObject rule, string name) => rule[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
