using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

public sealed class ResilienceTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Fact]
    public async Task Strategies_are_those_of_the_settings_and_only_of_their_category()
    {
        var http = await server.GetAsync("/resilience/strategies?category=http");
        var other = await server.GetAsync("/resilience/strategies?category=Sql");

        Assert.Empty(Recordings.Missing(
            JsonNode.Parse("""[{ "$type": "HttpResilienceStrategy", "id": "", "displayName": "", "maxRetryAttempts": 1, "useJitter": false, "delay": "00:00:01", "backoffType": "Exponential" }]"""),
            http.At("items")));
        Assert.Equal(("stubborn", 2, 1), (http.At("items.0.id")!.GetValue<string>(), http.At("items.0.maxRetryAttempts")!.GetValue<int>(), http.At("count")!.GetValue<int>()));
        Assert.Empty(other.At("items")!.AsArray());
    }

    [Fact]
    public async Task The_attempts_of_a_call_that_were_repeated_are_listed_in_pages()
    {
        // Called without a key, this server itself refuses; the strategy takes that for worth another attempt.
        await server.SaveAsync(JsonNode.Parse($$"""
            { "definitionId": "repeats", "name": "repeats", "root": { "id": "call", "name": "Call1", "type": "Elsa.SendHttpRequest", "version": 1,
              "customProperties": { "resilienceStrategy": { "mode": "Identifier", "strategyId": "stubborn" } },
              "url": { "typeName": "Uri", "expression": { "type": "Literal", "value": "{{server.Address}}elsa/api/features/installed" } } } }
            """)!, publish: true);
        var id = (await server.PostAsync("/workflow-definitions/repeats/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"];
        // The call is a job; there is nothing to wait on but what the API says.
        while ((await server.GetAsync("/workflow-instances/" + id)).At("status")!.GetValue<string>() != "Finished")
            await Task.Delay(20, TestContext.Current.CancellationToken);
        var execution = (await server.GetAsync($"/activity-executions/list?WorkflowInstanceId={id}")).Json["items"]!.AsArray()
            .Single(e => e!["activityId"]!.GetValue<string>() == "call")!["id"]!.GetValue<string>();

        var all = await server.GetAsync($"/resilience/retries/{execution}");
        var second = await server.GetAsync($"/resilience/retries/{execution}?skip=1&take=1");

        Assert.Equal([1, 2], all.At("items")!.AsArray().Select(r => r!["attemptNumber"]!.GetValue<int>()));
        Assert.Equal(
            (execution, "call", id, "00:00:00", "401"),
            (Text("activityInstanceId"), Text("activityId"), Text("workflowInstanceId"), Text("retryDelay"), Text("details.StatusCode")));
        Assert.Equal(2, Assert.Single(second.At("items")!.AsArray())!["attemptNumber"]!.GetValue<int>());
        Assert.Equal(2, second.At("totalCount")!.GetValue<int>());
        Assert.Empty((await server.GetAsync("/resilience/retries/nope")).At("items")!.AsArray());

        string Text(string member) => all.At("items.0." + member)!.GetValue<string>();
    }
}
