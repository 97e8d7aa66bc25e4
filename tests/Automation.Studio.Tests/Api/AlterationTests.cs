using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

public sealed class AlterationTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Fact]
    public async Task A_waiting_instance_is_moved_to_another_version_and_goes_on_there()
    {
        await server.SaveAsync(Waiting("mover", "old"), publish: true);
        var id = (await server.PostAsync("/workflow-definitions/mover/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"];
        await server.SaveAsync(Waiting("mover", "new"), publish: true);

        var selected = await server.PostAsync("/alterations/dry-run", new JsonObject { ["definitionIds"] = new JsonArray("mover"), ["statuses"] = new JsonArray("Running") });
        var moved = await AlterAsync(id, new JsonObject { ["type"] = "Migrate", ["targetVersion"] = 2 });
        await server.PostAsync("/events/mover-goes/trigger", new JsonObject());

        Assert.Equal([id], selected.Json["workflowInstanceIds"]!.AsArray().Select(i => i!.GetValue<string>()));
        Assert.True(moved.At("results.0.isSuccessful")!.GetValue<bool>(), moved.Text);
        var instance = await server.GetAsync("/workflow-instances/" + id);
        Assert.Equal((2, "Finished"), (instance.At("version")!.GetValue<int>(), instance.At("status")!.GetValue<string>()));
        Assert.Contains("it is new", (await server.GetAsync("/activity-executions/list?workflowInstanceId=" + id)).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "type": "Migrate", "targetVersion": 9 }""", "no version 9")]
    [InlineData("""{ "type": "Migrate" }""", "lacks a member")]
    [InlineData("""{ "type": "Explode" }""", "Explode")]
    public async Task What_cannot_be_done_is_told_and_changes_nothing(string alteration, string reason)
    {
        await server.SaveAsync(Waiting("stayer", "here"), publish: true);
        var id = (await server.PostAsync("/workflow-definitions/stayer/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"];

        var answer = await AlterAsync(id, JsonNode.Parse(alteration)!.AsObject());

        Assert.False(answer.At("results.0.isSuccessful")!.GetValue<bool>());
        Assert.Contains(reason, answer.At("results.0.log.logEntries.0.message")!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("Suspended", (await server.GetAsync("/workflow-instances/" + id)).At("subStatus")!.GetValue<string>());
    }

    [Fact]
    public async Task A_filter_without_conditions_selects_nothing_unless_it_means_all()
    {
        await server.SaveAsync(Waiting("one-of-all", "here"), publish: true);
        await server.PostAsync("/workflow-definitions/one-of-all/execute", new JsonObject());

        var none = await server.PostAsync("/alterations/dry-run", new JsonObject());
        var all = await server.PostAsync("/alterations/dry-run", new JsonObject { ["emptyFilterSelectsAll"] = true });

        Assert.Empty(none.Json["workflowInstanceIds"]!.AsArray());
        Assert.NotEmpty(all.Json["workflowInstanceIds"]!.AsArray());
    }

    [Fact]
    public async Task A_plan_is_carried_out_in_the_background_on_all_that_its_filter_selects()
    {
        await server.SaveAsync(Waiting("planned", "here"), publish: true);
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Add((await server.PostAsync("/workflow-definitions/planned/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"]);
        var request = new JsonObject
        {
            ["id"] = "plan-1",
            ["alterations"] = new JsonArray(new JsonObject { ["type"] = "Cancel" }),
            ["filter"] = new JsonObject { ["definitionIds"] = new JsonArray("planned") },
        };

        var submitted = await server.PostAsync("/alterations/submit", request.DeepClone());
        var twice = await server.PostAsync("/alterations/submit", request);
        var plan = await UntilEndedAsync("plan-1");

        Assert.Equal("plan-1", submitted.At("planId")!.GetValue<string>());
        Assert.Equal(400, twice.Status);
        Assert.Equal("Completed", plan.At("plan.status")!.GetValue<string>());
        Assert.Equal(ids.Order(StringComparer.Ordinal), plan.Json["jobs"]!.AsArray().Select(j => j!["workflowInstanceId"]!.GetValue<string>()));
        foreach (var id in ids)
            Assert.Equal("Cancelled", (await server.GetAsync("/workflow-instances/" + id)).At("subStatus")!.GetValue<string>());
        Assert.Equal(404, (await server.GetAsync("/alterations/nope")).Status);
    }

    [Fact]
    public async Task A_plan_of_which_a_part_cannot_be_done_has_failed_and_says_why()
    {
        await server.SaveAsync(Waiting("stuck", "here"), publish: true);
        await server.PostAsync("/workflow-definitions/stuck/execute", new JsonObject());

        var submitted = await server.PostAsync("/alterations/submit", new JsonObject
        {
            ["alterations"] = new JsonArray(new JsonObject { ["type"] = "Migrate", ["targetVersion"] = 9 }, new JsonObject { ["type"] = "Cancel" }),
            ["filter"] = new JsonObject { ["definitionIds"] = new JsonArray("stuck") },
        });
        var plan = await UntilEndedAsync(submitted.At("planId")!.GetValue<string>());

        Assert.Equal(("Failed", "Failed"), (plan.At("plan.status")!.GetValue<string>(), plan.At("jobs.0.status")!.GetValue<string>()));
        Assert.Contains("no version 9", Assert.Single(plan.At("jobs.0.log")!.AsArray())!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(400, (await server.PostAsync("/alterations/submit", new JsonObject { ["filter"] = new JsonObject() })).Status);
    }

    private async Task<Answer> UntilEndedAsync(string planId)
    {
        // Carried out by a job; there is nothing to wait on but what the API says.
        while (true)
        {
            var plan = await server.GetAsync("/alterations/" + planId);
            if (plan.At("plan.status")!.GetValue<string>() is "Completed" or "Failed")
                return plan;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private Task<Answer> AlterAsync(string instanceId, JsonObject alteration) =>
        server.PostAsync("/alterations/run", new JsonObject { ["workflowInstanceIds"] = new JsonArray(instanceId), ["alterations"] = new JsonArray(alteration) });

    private static JsonObject Waiting(string id, string text) => JsonNode.Parse($$"""
        { "definitionId": "{{id}}", "name": "{{id}}", "root": { "id": "s", "type": "Elsa.Sequence", "version": 1, "activities": [
          { "id": "e", "name": "Wait1", "type": "Elsa.Event", "version": 1, "eventName": { "typeName": "String", "expression": { "type": "Literal", "value": "{{id}}-goes" } } },
          { "id": "w", "name": "Write1", "type": "Elsa.WriteLine", "version": 1, "text": { "typeName": "String", "expression": { "type": "Literal", "value": "it is {{text}}" } } } ] } }
        """)!.AsObject();
}
