using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

public sealed class LabelAndSecretTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Fact]
    public async Task Labels_are_made_changed_given_to_definitions_and_removed()
    {
        await server.SaveAsync(Some.Workflow("labelled"), publish: false);
        var made = await server.PostAsync("/labels", new JsonObject { ["name"] = " Urgent ", ["color"] = "#ff0000" });
        var id = made.At("id")!.GetValue<string>();
        var twice = await server.PostAsync("/labels", new JsonObject { ["name"] = "URGENT" });
        var changed = await server.PostAsync("/labels/" + id, new JsonObject { ["name"] = "Very urgent", ["description"] = "Now" });
        var given = await server.PostAsync("/workflow-definitions/labelled/labels", new JsonObject { ["labelIds"] = new JsonArray(id, id, "no-label") });

        Assert.Equal((201, "Urgent", "urgent"), (made.Status, made.At("name")!.GetValue<string>(), made.At("normalizedName")!.GetValue<string>()));
        Assert.Equal(400, twice.Status);
        Assert.Equal("Very urgent", changed.At("name")!.GetValue<string>());
        Assert.Equal(id, Assert.Single(given.At("labelIds")!.AsArray())!.GetValue<string>());
        Assert.Equal(id, (await server.GetAsync("/workflow-definitions/labelled/labels")).At("items.0")!.GetValue<string>());
        Assert.Equal(1, (await server.GetAsync("/labels?page=0&pageSize=10")).At("totalCount")!.GetValue<int>());

        await server.SaveAsync(Some.Workflow("unlabelled"), publish: false);
        Assert.Equal("labelled", (await OnlyAsync($"label={id}")).At("items.0.definitionId")!.GetValue<string>());
        Assert.Equal("labelled", (await OnlyAsync("label=VERY%20urgent&definitionIds=labelled")).At("items.0.definitionId")!.GetValue<string>());
        Assert.Equal(0, (await server.GetAsync($"/workflow-definitions?label={id}&label=no-label")).At("totalCount")!.GetValue<int>());
        Assert.Equal(1, (await server.GetAsync($"/workflow-definitions/query/count?label={id}")).At("count")!.GetValue<int>());

        Assert.Equal(204, (await server.CallAsync(HttpMethod.Delete, "/labels/" + id)).Status);
        Assert.Equal(404, (await server.GetAsync("/labels/" + id)).Status);
        Assert.Empty((await server.GetAsync("/workflow-definitions/labelled/labels")).At("items")!.AsArray());
        Assert.Equal(404, (await server.PostAsync("/workflow-definitions/nope/labels", new JsonObject { ["labelIds"] = new JsonArray() })).Status);

        async Task<Answer> OnlyAsync(string query)
        {
            var found = await server.GetAsync("/workflow-definitions?versionOptions=Latest&page=0&pageSize=10&" + query);
            Assert.Equal(1, found.At("totalCount")!.GetValue<int>());
            return found;
        }
    }

    [Fact]
    public async Task Secrets_are_set_replaced_tried_and_revoked_but_never_shown()
    {
        const string value = "s3cr3t-value";
        var made = await server.PostAsync("/secrets", new JsonObject { ["name"] = "crm", ["value"] = value });
        var twice = await server.PostAsync("/secrets", new JsonObject { ["name"] = "crm", ["value"] = value });
        var bad = await server.PostAsync("/secrets", new JsonObject { ["name"] = "not a name", ["value"] = value });
        var rotated = await server.PostAsync("/secrets/crm/rotate", new JsonObject { ["value"] = value + "2" });
        var listed = await server.GetAsync("/secrets?page=0&pageSize=10");
        var tried = await server.PostAsync("/secrets/crm/test", new JsonObject());

        Assert.Equal((201, 400, 400, 200), (made.Status, twice.Status, bad.Status, rotated.Status));
        Assert.Equal("crm", listed.At("items.0.name")!.GetValue<string>());
        Assert.True(tried.At("succeeded")!.GetValue<bool>());
        Assert.All((Answer[])[made, twice, rotated, listed, tried, await server.GetAsync("/secrets/picker"), await server.GetAsync("/secrets/crm")], a => Assert.DoesNotContain(value, a.Text, StringComparison.Ordinal));
        Assert.Equal(403, (await server.CallAsync(HttpMethod.Get, "/secrets", client: server.As("operator"))).Status);

        Assert.Equal(204, (await server.PostAsync("/secrets/crm/revoke")).Status);
        Assert.Equal(404, (await server.GetAsync("/secrets/crm")).Status);
        Assert.Equal(404, (await server.PostAsync("/secrets/crm/rotate", new JsonObject { ["value"] = value })).Status);
    }
}
