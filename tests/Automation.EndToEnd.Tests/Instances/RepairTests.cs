using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Automation.EndToEnd.Tests.Instances;

/// <summary>Setting failed and waiting instances right over the API, as an operator does.</summary>
public sealed class RepairTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_instance_is_retried_moved_and_run_again()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await PublishAsync(server, Script("charge", "if (getInput('Amount') < 0) throw new Error('negative'); return getInput('Amount') * getRate()"));

        // Fails, is retried in vain, then with another input and another variable.
        var failed = await ExecuteAsync(server, "charge", new { input = new { Amount = -1 } }, HttpStatusCode.InternalServerError);
        var (status, again) = await PostAsync(server, $"/api/instances/{failed}/retry", new { });
        Assert.Equal((HttpStatusCode.OK, "Faulted"), (status, again.GetProperty("subStatus").GetString()));
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(server, $"/api/instances/{failed}/retry", new { activityIds = new[] { "nosuch" } })).Status);
        var (_, mended) = await PostAsync(server, $"/api/instances/{failed}/retry", new { input = new { Amount = 5 }, variables = new { Rate = 3 } });
        Assert.Equal("Finished", mended.GetProperty("subStatus").GetString());
        Assert.Equal(15, (await server.GetJsonAsync("/elsa/api/workflow-instances/" + failed)).GetProperty("workflowState").GetProperty("output").GetProperty("Total").GetInt32());
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(server, $"/api/instances/{failed}/retry", new { })).Status);

        // Runs once more, with what it had and with something else.
        var (created, rerun) = await PostAsync(server, $"/api/instances/{failed}/rerun", new { input = new { Amount = 7 } });
        Assert.Equal((HttpStatusCode.Created, "Finished"), (created, rerun.GetProperty("subStatus").GetString()));
        Assert.NotEqual(failed, rerun.GetProperty("id").GetString());
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(server, $"/api/instances/{failed}/rerun", new { version = "yesterday" })).Status);

        // Fails in version 1, fits version 2 and goes on there; does not fit version 3.
        var stuck = await ExecuteAsync(server, "charge", new { input = new { Amount = -1 } }, HttpStatusCode.InternalServerError);
        await PublishAsync(server, Script("charge", "return 'free'"));
        await PublishAsync(server, Script("charge", "return 1").Replace("\"id\":\"js\"", "\"id\":\"other\"", StringComparison.Ordinal));
        var (fits, misfit) = await PostAsync(server, $"/api/instances/{stuck}/move", new { version = 3, dryRun = true });
        Assert.Equal(HttpStatusCode.OK, fits);
        Assert.Contains("js", misfit.GetProperty("misfits")[0].GetString(), StringComparison.Ordinal);
        var (refused, problem) = await PostAsync(server, $"/api/instances/{stuck}/move", new { version = 3 });
        Assert.Equal((HttpStatusCode.Conflict, 1), (refused, problem.GetProperty("misfits").GetArrayLength()));
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(server, $"/api/instances/{stuck}/move", new { version = 9 })).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(server, $"/api/instances/{stuck}/move", new { version = 2 })).Status);
        await PostAsync(server, $"/api/instances/{stuck}/retry", new { });
        var moved = await server.GetJsonAsync("/elsa/api/workflow-instances/" + stuck);
        Assert.Equal((2, "Finished", "free"), (moved.GetProperty("version").GetInt32(), moved.GetProperty("subStatus").GetString(), moved.GetProperty("workflowState").GetProperty("output").GetProperty("Total").GetString()));

        foreach (var action in new[] { "retry", "rerun", "cancel" })
            Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(server, $"/api/instances/nosuch/{action}", new { })).Status);
    }

    private static string Script(string id, string script) => $$$"""
        {"definitionId":"{{{id}}}","name":"{{{id}}}","inputs":[{"type":"Int32","name":"Amount"}],"outputs":[{"type":"Object","name":"Total"}],
         "variables":[{"id":"rate","name":"Rate","typeName":"Int32","value":"1","storageDriverTypeName":"WorkflowInstanceStorageDriver"}],
         "root":{"id":"s","type":"Elsa.Sequence","version":1,"activities":[
          {"id":"js","type":"Elsa.RunJavaScript","version":1,"script":{"typeName":"String","expression":{"type":"Literal","value":{{{JsonSerializer.Serialize(script)}}} } },
           "result":{"typeName":"Object","memoryReference":{"id":"Total"} } } ] } }
        """;

    private static async Task PublishAsync(ServerUnderTest server, string model)
    {
        using var parsed = JsonDocument.Parse(model);
        using var answer = await server.Api.PostAsJsonAsync("/elsa/api/workflow-definitions", new { model = parsed.RootElement, publish = true }, Ct);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static async Task<string> ExecuteAsync(ServerUnderTest server, string definition, object body, HttpStatusCode expected)
    {
        using var answer = await server.Api.PostAsJsonAsync($"/elsa/api/workflow-definitions/{definition}/execute", body, Ct);
        Assert.Equal(expected, answer.StatusCode);
        return answer.Headers.GetValues("x-elsa-workflow-instance-id").Single();
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(ServerUnderTest server, string path, object body)
    {
        using var answer = await server.Api.PostAsJsonAsync(path, body, Ct);
        var text = await answer.Content.ReadAsStringAsync(Ct);
        return (answer.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }
}
