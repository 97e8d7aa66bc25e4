using Automation.Steps.Tests.Support;
using Automation.Workflows.Execution;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Transform;

public sealed class TransformTests
{
    [Theory]
    [InlineData("MergeJson", """{"objects":"[{\"a\":{\"x\":1,\"y\":2},\"b\":1},{\"a\":{\"y\":3},\"b\":null}]"}""", """{"a":{"x":1,"y":3}}""")]
    [InlineData("PickJson", """{"value":"{\"data\":{\"items\":[{\"id\":7}]}}","members":"{\"first\":\"data.items.0.id\",\"none\":\"data.x.y\"}"}""", """{"first":7,"none":null}""")]
    [InlineData("SplitList", """{"items":"[1,2,3]","size":"2"}""", "[[1,2],[3]]")]
    [InlineData("DedupeList", """{"items":"[{\"id\":1,\"n\":1},{\"id\":2},{\"id\":1,\"n\":2}]","key":"id"}""", """[{"id":1,"n":1},{"id":2}]""")]
    [InlineData("DedupeList", """{"items":"[1,\"1\",1]"}""", """[1,"1"]""")]
    [InlineData("AggregateList", """{"items":"[{\"a\":1},{\"a\":2.5}]","field":"a"}""", """{"count":2,"sum":3.5,"average":1.75,"min":1,"max":2.5}""")]
    [InlineData("AggregateList", """{"items":"[{\"s\":\"x\",\"a\":1},{\"s\":\"y\",\"a\":2},{\"s\":\"x\",\"a\":3}]","field":"a","groupBy":"s"}""",
        """[{"count":2,"sum":4,"average":2,"min":1,"max":3,"key":"x"},{"count":1,"sum":2,"average":2,"min":2,"max":2,"key":"y"}]""")]
    [InlineData("EncodeText", """{"text":"abc"}""", "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"")]
    [InlineData("EncodeText", """{"text":"ü?","operation":"Base64Url"}""", "\"w7w_\"")]
    [InlineData("EncodeText", """{"text":"w7w_","operation":"FromBase64Url"}""", "\"ü?\"")]
    [InlineData("EncodeText", """{"text":"a b&","operation":"Url"}""", "\"a%20b%26\"")]
    public async Task A_value_becomes_another(string type, string inputs, string expected)
    {
        await using var host = await StartAsync();
        var given = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, string>>(inputs)!.Select(i => (i.Key, (object)i.Value));

        await host.RunAsync(Step("Automation." + type, "t", [.. given, ("result", Into("A"))]), WriteLine("w", "{{ Variables.A | json | raw }}"));

        Assert.Equal([expected], host.Lines);
    }

    [Theory]
    [InlineData("""{"id":1,"tags":["a"]}""", "[]")]
    [InlineData("""{"tags":"a"}""", """["$.id is missing","$.tags is string; it must be array"]""")]
    [InlineData("""{"id":1.5,"tags":[""]}""", """["$.id is number; it must be integer","$.tags[0] is shorter than 1 characters"]""")]
    [InlineData("""{"id":1,"more":1}""", """["$.more is not allowed"]""")]
    public async Task A_schema_says_what_does_not_fit(string value, string problems)
    {
        await using var host = await StartAsync();
        const string Schema = """{"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"tags":{"type":"array","items":{"$ref":"#/$defs/tag"}}},"additionalProperties":false,"$defs":{"tag":{"type":"string","minLength":1}}}""";

        await host.RunAsync(Step("Automation.ValidateJson", "t", ("value", value), ("schema", Schema), ("problems", Into("A"))), WriteLine("w", "{{ Variables.A | json | raw }}"));

        Assert.Equal([problems], host.Lines);
    }

    [Theory]
    [InlineData("SplitList", "items", "{}", "Items")]
    [InlineData("MergeJson", "objects", "[1]", "Objects")]
    [InlineData("EncodeText", "operation", "Rot13", "Rot13")]
    [InlineData("ValidateJson", "schema", "{\"type\":\"nothing\"}", "nothing")]
    public async Task Bad_input_is_an_incident_that_names_it(string type, string input, string value, string says)
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync(Step("Automation." + type, "t", (input, value)));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains(says, await host.StateAsync(instance.Id));
    }
}
