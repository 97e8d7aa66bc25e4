using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

/// <summary>Answers that are as a genuine server gives them, and say more where that helps.</summary>
public sealed class ElsaQuirksTests(StudioServer server) : IClassFixture<StudioServer>
{
    private const string WithNumber = """
        {"definitionId":"numbers","variables":[
          {"id":"v-I","name":"I","typeName":"Int32","value":"1","storageDriverTypeName":"Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core"}],
         "root":{"id":"e","type":"Elsa.Event","version":1,"eventName":{"typeName":"String","expression":{"type":"Literal","value":"numbers"}}}}
        """;

    [Fact]
    public async Task A_text_for_a_number_is_answered_but_not_taken_and_the_answer_says_so()
    {
        await server.SaveAsync(JsonNode.Parse(WithNumber)!.AsObject(), publish: true);
        var id = (await server.PostAsync("/workflow-definitions/numbers/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"];
        Task<Answer> SetAsync(JsonNode value) => server.PostAsync(
            $"/workflow-instances/{id}/variables", new JsonObject { ["variables"] = new JsonArray(new JsonObject { ["id"] = "v-I", ["value"] = value }) });
        async Task<string> StoredAsync() => (await server.GetAsync($"/workflow-instances/{id}/variables")).At("items.0.value")!.ToJsonString();

        var asText = await SetAsync("77");
        Assert.Equal((200, "77"), (asText.Status, asText.At("items.0.value")!.GetValue<string>()));
        Assert.Contains("without quotes", asText.At("items.0.note")!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("1", await StoredAsync());
        Assert.Equal(400, (await SetAsync("many")).Status);

        var asNumber = await SetAsync(78);
        Assert.Null(asNumber.At("items.0.note"));
        Assert.Equal("78", await StoredAsync());
    }

    [Theory]
    [InlineData("""{"id":"d","type":"Elsa.Workflows.Activities.DynamicActivity","version":1}""", "[]", 500, "exists in code only")]
    [InlineData("""{"id":"w","type":"Elsa.WriteLine","version":1}""", """[{"name":"X"},{"id":"y","name":"Y","typeName":"NoSuchType"}]""", 500, "variables[0].id")]
    [InlineData("""{"id":"w","type":"Elsa.WriteLine","version":1}""", """[{"name":"X"}]""", 400, "variables[0].id")]
    public async Task Publishing_what_a_genuine_server_breaks_on_is_an_error_of_the_server_with_every_problem(string root, string variables, int status, string problem)
    {
        var model = new JsonObject { ["definitionId"] = "breaks", ["variables"] = JsonNode.Parse(variables), ["root"] = JsonNode.Parse(root) };

        var answer = await server.PostAsync("/workflow-definitions", new JsonObject { ["model"] = model, ["publish"] = true });

        Assert.Equal(status, answer.Status);
        Assert.Contains(problem, answer.At("errors.generalErrors.0")!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(404, (await server.PostAsync("/workflow-definitions/breaks/execute", new JsonObject())).Status);
    }
}
