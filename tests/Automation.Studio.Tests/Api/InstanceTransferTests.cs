using System.Text;
using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

public sealed class InstanceTransferTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Fact]
    public async Task A_waiting_instance_that_was_exported_and_deleted_is_brought_in_and_goes_on()
    {
        var id = await StartAsync("traveller");
        var before = (await server.GetAsync($"/workflow-instances/{id}/journal?skip=0&take=100")).Json["items"]!.ToJsonString();
        var exported = await server.GetAsync($"/workflow-instances/{id}/export?includeBookmarks=true");
        await server.CallAsync(HttpMethod.Delete, "/workflow-instances/" + id);
        Assert.Equal(["Bookmarks", "WorkflowState"], exported.Json.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal));

        var imported = await ImportAsync(exported.Text);
        var again = await ImportAsync(exported.Text);

        Assert.Equal((200, 1), (imported.Status, imported.At("imported")!.GetValue<int>()));
        Assert.Equal((200, 0), (again.Status, again.At("count")!.GetValue<int>()));
        Assert.Equal(before, (await server.GetAsync($"/workflow-instances/{id}/journal?skip=0&take=100")).Json["items"]!.ToJsonString());
        await server.PostAsync("/events/traveller/trigger", new JsonObject { ["input"] = new JsonObject { ["x"] = 7 } });
        Assert.Equal("Finished", (await server.GetAsync("/workflow-instances/" + id)).At("status")!.GetValue<string>());
        Assert.Equal(7, (await server.GetAsync($"/workflow-instances/{id}/variables")).At("items.0.value.x")!.GetValue<int>());
    }

    [Theory]
    [InlineData("{", "greeting.json")]
    [InlineData("[]", "Automation")]
    [InlineData("""{ "WorkflowState": { "id": "x" } }""", "Automation")]
    [InlineData("""{ "Automation": { "format": 9 } }""", "another version")]
    [InlineData("""{ "Automation": { "format": 1 } }""", "has no id")]
    [InlineData("""{ "Automation": { "format": 1, "id": "x" } }""", "cannot be read")]
    public async Task What_is_no_exported_instance_is_refused_with_the_reason(string content, string reason)
    {
        var answer = await ImportAsync(content);

        Assert.Equal(400, answer.Status);
        Assert.Contains(reason, answer.At("errors.generalErrors.0")!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_an_earlier_version_which_has_the_whole_beside_the_state_is_brought_in()
    {
        var id = await StartAsync("veteran");
        var file = (await server.GetAsync($"/workflow-instances/{id}/export")).Json;
        var properties = file["WorkflowState"]!["properties"]!.AsObject();
        file["Automation"] = properties["Automation"]!.DeepClone();
        properties.Remove("Automation");
        await server.CallAsync(HttpMethod.Delete, "/workflow-instances/" + id);

        Assert.Equal(1, (await ImportAsync(file.ToJsonString())).At("imported")!.GetValue<int>());
        Assert.Equal("Suspended", (await server.GetAsync("/workflow-instances/" + id)).At("subStatus")!.GetValue<string>());
    }

    [Fact]
    public async Task A_state_that_is_not_the_instance_s_own_is_refused()
    {
        var id = await StartAsync("forged");
        var file = (await server.GetAsync($"/workflow-instances/{id}/export")).Json;
        var whole = file["WorkflowState"]!["properties"]!["Automation"]!;
        whole["id"] = "another";
        Assert.Equal(400, (await ImportAsync(file.ToJsonString())).Status);
        whole["definitionVersionId"] = "nowhere";
        var answer = await ImportAsync(file.ToJsonString());

        Assert.Contains("nowhere", answer.At("errors.generalErrors.0")!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(404, (await server.GetAsync("/workflow-instances/another")).Status);
        Assert.Equal(403, (await ImportAsync(file.ToJsonString(), "operator")).Status);
    }

    [Fact]
    public async Task A_bookmark_is_resumed_by_its_id_once()
    {
        var id = await StartAsync("marked");
        var bookmark = (await server.GetAsync("/workflow-instances/" + id)).At("workflowState.bookmarks.0.id")!.GetValue<string>();

        Assert.Equal(200, (await server.PostAsync("/bookmarks/resume?t=" + bookmark, new JsonObject { ["input"] = new JsonObject { ["x"] = 1 } })).Status);
        Assert.Equal(404, (await server.PostAsync("/bookmarks/resume?t=" + bookmark)).Status);
        Assert.Equal(400, (await server.PostAsync("/bookmarks/resume")).Status);
        Assert.Equal("Finished", (await server.GetAsync("/workflow-instances/" + id)).At("status")!.GetValue<string>());
    }

    private async Task<string> StartAsync(string workflow)
    {
        await server.SaveAsync(Some.Waiting(workflow), publish: true);
        return (await server.PostAsync($"/workflow-definitions/{workflow}/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"];
    }

    private async Task<Answer> ImportAsync(string content, string role = "designer")
    {
        using var form = new MultipartFormDataContent { { new ByteArrayContent(Encoding.UTF8.GetBytes(content)), "files", "greeting.json" } };
        using var client = server.As(role);
        using var response = await client.PostAsync(new Uri("/elsa/api/bulk-actions/import/workflow-instances", UriKind.Relative), form, TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, new Dictionary<string, string>(StringComparer.Ordinal), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
