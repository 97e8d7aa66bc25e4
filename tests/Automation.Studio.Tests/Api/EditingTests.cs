using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

public sealed class EditingTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Fact]
    public async Task Of_two_tabs_that_save_the_second_is_told_and_nothing_is_lost()
    {
        await server.SaveAsync(Some.Workflow("tabs"), publish: false);
        var first = (await server.GetAsync("/workflow-definitions/by-definition-id/tabs")).Json;
        var second = first.DeepClone();
        first["description"] = "from the first";
        second["description"] = "from the second";

        var kept = await server.SaveAsync(first, publish: false);
        var told = await server.SaveAsync(second, publish: false);

        Assert.Equal(200, kept.Status);
        Assert.Equal(409, told.Status);
        Assert.Contains("changed by someone else", told.At("errors.generalErrors.0")!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("from the first", (await server.GetAsync("/workflow-definitions/by-definition-id/tabs")).At("description")!.GetValue<string>());
    }

    [Fact]
    public async Task A_tab_that_does_not_know_of_a_publication_is_told_too()
    {
        await server.SaveAsync(Some.Workflow("published-meanwhile"), publish: false);
        var stale = (await server.GetAsync("/workflow-definitions/by-definition-id/published-meanwhile")).Json;
        await server.PostAsync("/workflow-definitions/published-meanwhile/publish", new JsonObject());
        await server.SaveAsync(Some.Workflow("published-meanwhile", "two"), publish: false);

        var told = await server.SaveAsync(stale, publish: false);

        Assert.Equal(409, told.Status);
    }

    [Fact]
    public async Task One_tab_saves_again_and_again_on_what_it_got_back()
    {
        var model = (await server.SaveAsync(Some.Workflow("again"), publish: false)).At("workflowDefinition");
        for (var i = 0; i < 3; i++)
        {
            var saved = await server.SaveAsync(model!, publish: i == 1);
            Assert.Equal(200, saved.Status);
            model = saved.At("workflowDefinition");
        }

        Assert.Equal(2, model!["version"]!.GetValue<int>());
    }

    [Fact]
    public async Task What_cannot_work_is_saved_as_a_draft_and_refused_at_publish_with_its_place()
    {
        var broken = Some.Workflow("broken");
        broken["root"]!["activities"]!.AsArray().Insert(0, JsonNode.Parse("""
            { "id": "often", "name": "Often", "type": "Elsa.Cron", "version": 1, "customProperties": { "canStartWorkflow": true },
              "cronExpression": { "typeName": "String", "expression": { "type": "Literal", "value": "every now and then" } } }
            """));

        var draft = await server.SaveAsync(broken, publish: false);
        var published = await server.PostAsync("/workflow-definitions/broken/publish", new JsonObject());

        Assert.Equal(200, draft.Status);
        Assert.Equal(400, published.Status);
        Assert.Contains("often", published.At("errors.generalErrors.0")!.GetValue<string>(), StringComparison.Ordinal);
        var problem = published.At("problems.0")!;
        Assert.Equal(("often", "Often", "cronExpression"), (problem["activityId"]!.GetValue<string>(), problem["activityName"]!.GetValue<string>(), problem["property"]!.GetValue<string>()));
        Assert.Contains("every now and then", problem["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.False((await server.GetAsync("/workflow-definitions/by-definition-id/broken")).At("isPublished")!.GetValue<bool>());
    }

    [Fact]
    public async Task An_activity_that_is_not_known_is_shown_as_a_placeholder_and_kept()
    {
        var model = Some.Workflow("foreign");
        model["root"]!["activities"]!.AsArray().Add(JsonNode.Parse("""{ "id": "f", "name": "Foreign1", "type": "Acme.Foreign", "version": 3, "size": { "of": ["it"] } }"""));
        await server.SaveAsync(model, publish: false);

        var shown = (await server.GetAsync("/workflow-definitions/by-definition-id/foreign")).Json;
        var placeholder = shown["root"]!["activities"]!.AsArray().Single(a => a!["id"]!.GetValue<string>() == "f")!;
        shown["description"] = "changed by the Studio";
        var saved = await server.SaveAsync(shown, publish: false);
        var exported = await server.GetAsync("/workflow-definitions/foreign/export?versionOptions=Latest");

        Assert.Equal(("Elsa.NotFoundActivity", "Acme.Foreign"), (placeholder["type"]!.GetValue<string>(), placeholder["missingTypeName"]!.GetValue<string>()));
        Assert.Equal(200, saved.Status);
        Assert.Equal("changed by the Studio", exported.At("description")!.GetValue<string>());
        var kept = exported.Json["root"]!["activities"]!.AsArray().Single(a => a!["id"]!.GetValue<string>() == "f")!;
        Assert.Equal(("Acme.Foreign", 3, "it"), (kept["type"]!.GetValue<string>(), kept["version"]!.GetValue<int>(), kept["size"]!["of"]![0]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("viewer", false, 403)]
    [InlineData("operator", false, 403)]
    [InlineData("designer", true, 200)]
    [InlineData("administrator", true, 200)]
    public async Task Who_may_not_design_is_shown_no_way_to_and_refused(string role, bool isLinked, int status)
    {
        await server.SaveAsync(Some.Workflow("role-" + role), publish: true);
        using var client = server.As(role);

        var seen = await server.CallAsync(HttpMethod.Get, "/workflow-definitions/by-definition-id/role-" + role, client: client);
        var list = await server.CallAsync(HttpMethod.Get, "/workflow-definitions", client: client);
        var saved = await server.SaveAsync(Some.Workflow("role-" + role, "changed"), publish: false, client);
        var deleted = await server.CallAsync(HttpMethod.Delete, "/workflow-definitions/no-such-" + role, client: client);

        Assert.Equal(isLinked, Rels(seen.At("links")).Contains("publish", StringComparer.Ordinal));
        Assert.Equal(isLinked, Rels(list.At("links")).Contains("bulk-publish", StringComparer.Ordinal));
        Assert.Equal(status, saved.Status);
        Assert.Equal(isLinked ? 404 : 403, deleted.Status);
    }

    [Theory]
    [InlineData("viewer", 403)]
    [InlineData("operator", 200)]
    public async Task Operators_run_what_viewers_only_see(string role, int status)
    {
        await server.SaveAsync(Some.Workflow("run-" + role), publish: true);
        using var client = server.As(role);

        Assert.Equal(status, (await server.CallAsync(HttpMethod.Post, $"/workflow-definitions/run-{role}/execute", new JsonObject(), client)).Status);
        Assert.Equal(status, (await server.CallAsync(HttpMethod.Post, "/cancel/workflow-instances/none", new JsonObject(), client)).Status);
    }

    [Fact]
    public async Task Without_a_key_nothing_is_told()
    {
        using var nobody = new HttpClient { BaseAddress = server.Address };

        Assert.Equal(401, (await server.CallAsync(HttpMethod.Get, "/workflow-definitions", client: nobody)).Status);
        Assert.Equal(401, (await server.CallAsync(HttpMethod.Get, "/descriptors/activities", client: nobody)).Status);
    }

    [Theory]
    [InlineData("designer", true)]
    [InlineData("wrong", false)]
    public async Task A_client_that_logs_in_gets_its_key_as_token(string password, bool isKnown)
    {
        using var nobody = new HttpClient { BaseAddress = server.Address };

        var answer = await server.CallAsync(HttpMethod.Post, "/identity/login", new JsonObject { ["username"] = "any", ["password"] = password }, nobody);

        Assert.Equal(200, answer.Status);
        Assert.Equal(isKnown, answer.At("isAuthenticated")!.GetValue<bool>());
        Assert.Equal(isKnown ? password : null, answer.Json["accessToken"]?.GetValue<string>());
    }

    [Theory]
    [InlineData("GET", "/workflow-definitions?versionOptions=Newest", "versionOptions")]
    [InlineData("GET", "/workflow-definitions?page=minus", "page")]
    [InlineData("GET", "/workflow-definitions?orderBy=Colour", "orderBy")]
    [InlineData("POST", "/workflow-instances", "status")]
    public async Task A_bad_value_is_named_with_what_is_allowed(string method, string path, string named)
    {
        var answer = await server.CallAsync(new HttpMethod(method), path, method == "POST" ? new JsonObject { ["statuses"] = new JsonArray("Sleeping") } : null);

        Assert.Equal(400, answer.Status);
        Assert.Contains(named, answer.At("errors.generalErrors.0")!.GetValue<string>(), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Rels(JsonNode? links) => links!.AsArray().Select(l => l!["rel"]!.GetValue<string>());
}
