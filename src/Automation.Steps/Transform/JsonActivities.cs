using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Steps.Activities;
using Automation.Steps.Data;
using Automation.Steps.Values;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Steps.Transform;

/// <summary>Merges objects.</summary>
[Activity("Automation.MergeJson", Category = "Transform", DisplayName = "Merge JSON", Description = "Merges objects, inner ones too; what comes later wins, and null removes.")]
internal sealed class MergeJson : TransformActivity
{
    [Input(Order = 0, UIHint = "json-editor", Description = "A list of objects.")]
    public Input<object?> Objects { get; } = new();

    [Output(Description = "The merged object.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        JsonNode? merged = new JsonObject();
        foreach (var one in List(Objects.Get(context), "Objects"))
        {
            var node = JsonNode.Parse(PlainJson.ToUtf8(Read(one, "Objects")));
            merged = JsonEdit.Merge(merged, node as JsonObject ?? throw new FormatException("Objects has something that is no object."));
        }

        Result.Set(context, JsonSerializer.SerializeToElement(merged, JsonContext.Default.JsonNode));
        context.Complete();
    }
}

/// <summary>Builds an object from members of another.</summary>
[Activity("Automation.PickJson", Category = "Transform", DisplayName = "Pick from JSON", Description = "Builds an object from members of another: new name and path, such as {\"customer\":\"data.caller.name\"}.")]
internal sealed class PickJson : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The object.")]
    public Input<object?> Value { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "Each new member and the path of its value, with dots: {\"first\":\"items.0.id\"}.")]
    public Input<object?> Members { get; } = new();

    [Output(Description = "The new object; what is not there is null.")]
    public Output<object?> Result { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        Result.Set(context, Pick(Read(Value.Get(context), "Value"), MembersOf(Members.Get(context))));
        context.Complete();
    }
}

/// <summary>Checks a value against a JSON schema.</summary>
[Activity("Automation.ValidateJson", Category = "Transform", DisplayName = "Validate JSON", Description = "Checks a value against a JSON schema (draft 2020-12).")]
[Outcome("Valid"), Outcome("Invalid"), Outcome("Done")]
internal sealed class ValidateJson : TransformActivity
{
    [Input(Order = 0, UIHint = "multiline", Description = "The value.")]
    public Input<object?> Value { get; } = new();

    [Input(Order = 1, UIHint = "json-editor", Description = "The schema.")]
    public Input<object?> Schema { get; } = new();

    [Output(Description = "What does not fit, each with its place.")]
    public Output<object?> Problems { get; } = new();

    protected override void Execute(ActivityContext context)
    {
        using var schema = JsonDocument.Parse(PlainJson.ToUtf8(StepInputs.Parsed(Schema.Get(context), "Schema") ?? throw new FormatException("Schema is empty.")));
        using var value = JsonDocument.Parse(PlainJson.ToUtf8(Read(Value.Get(context), "Value")));
        var problems = JsonSchemaCheck.Check(schema.RootElement, value.RootElement);
        Problems.Set(context, problems.Select(object? (p) => p).ToList());
        context.Complete(problems.Count == 0 ? "Valid" : "Invalid", "Done");
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonNode))]
internal sealed partial class JsonContext : System.Text.Json.Serialization.JsonSerializerContext;
