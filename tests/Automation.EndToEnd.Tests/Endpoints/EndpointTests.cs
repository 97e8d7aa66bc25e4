using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using static Automation.EndToEnd.Tests.Replies.ReplyWorkflows;

namespace Automation.EndToEnd.Tests.Endpoints;

/// <summary>HTTP endpoints of workflows, called as anybody would: without a key, below /workflows.</summary>
public sealed class EndpointTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_workflow_answers_the_request_that_started_or_resumed_it()
    {
        await using var server = await ServerUnderTest.StartAsync([], directory =>
        {
            Write(
                directory, "orders",
                Activity("In", "Elsa.HttpEndpoint", ("path", Text("orders/{id}")), ("supportedMethods", Script("['POST']")), ("canStartWorkflow", true)),
                Activity("Answer", "Elsa.WriteHttpResponse",
                    ("statusCode", Script("201")), ("contentType", Text("application/json")),
                    ("content", Script("({ id: getOutputFrom('In', 'RouteData').id, qty: JSON.parse(getOutputFrom('In', 'ParsedContent')).qty })"))));
            Write(
                directory, "approval",
                Activity("In", "Elsa.HttpEndpoint", ("path", Text("approvals")), ("supportedMethods", Script("['POST']")), ("canStartWorkflow", true)),
                Activity("Wait", "Elsa.HttpEndpoint", ("path", Text("approvals/yes")), ("supportedMethods", Script("['POST']"))),
                Activity("Thanks", "Elsa.WriteHttpResponse", ("content", Text("thank you"))));
            Write(
                directory, "guarded",
                Activity("In", "Elsa.HttpEndpoint", ("path", Text("guarded")), ("authorize", Script("true")), ("canStartWorkflow", true)),
                Activity("Answer", "Elsa.WriteHttpResponse", ("content", Text("hello"))));
        });
        using var anybody = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(server.Address) };

        using var created = await PostAsync(anybody, "/workflows/orders/o-7", """{"qty":3}""");
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var answer = await created.Content.ReadFromJsonAsync<JsonElement>(Ct);
        Assert.Equal(("o-7", 3), (answer.GetProperty("id").GetString(), answer.GetProperty("qty").GetInt32()));
        Assert.Equal(1, (await server.GetJsonAsync("/api/instances?workflow=orders&status=Finished")).GetProperty("totalCount").GetInt64());

        // The wrong method, no such path, broken JSON: told, and nothing is started.
        using var wrong = await anybody.GetAsync("/workflows/orders/o-7", Ct);
        Assert.Equal((HttpStatusCode.NotFound, "POST"), (wrong.StatusCode, string.Join(',', wrong.Content.Headers.Allow)));
        using var nowhere = await PostAsync(anybody, "/workflows/nowhere", "{}");
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
        using var broken = await PostAsync(anybody, "/workflows/orders/o-8", "{");
        Assert.Equal(HttpStatusCode.BadRequest, broken.StatusCode);
        Assert.Equal(1, (await server.GetJsonAsync("/api/instances?workflow=orders")).GetProperty("totalCount").GetInt64());

        // An instance that waits is resumed; nobody waits any more after it.
        using var asked = await PostAsync(anybody, "/workflows/approvals", "{}");
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        var id = asked.Headers.GetValues("X-Workflow-Instance-ID").Single();
        using var resumed = await PostAsync(anybody, "/workflows/approvals/yes?workflowInstanceId=" + id, "{}");
        Assert.Equal("thank you", await resumed.Content.ReadAsStringAsync(Ct));
        using var late = await PostAsync(anybody, "/workflows/approvals/yes?workflowInstanceId=" + id, "{}");
        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);

        // An endpoint that asks for authorization, and the Studio's own links below the same path.
        using var stranger = await anybody.GetAsync("/workflows/guarded", Ct);
        Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        Assert.Equal("hello", await server.Api.GetStringAsync("/workflows/guarded", Ct));
        using var link = await anybody.GetAsync("/workflows/definitions/orders/edit", Ct);
        Assert.NotEqual(HttpStatusCode.NotFound, link.StatusCode);

        // A workflow that is gone is not served any more.
        File.Delete(Path.Combine(server.WorkflowsDirectory, "orders.json"));
        await server.WaitForAsync("/elsa/api/workflow-definitions?versionOptions=Published", p => !p.GetProperty("items").EnumerateArray().Any(d => d.GetProperty("definitionId").GetString() == "orders"));
        using var gone = await PostAsync(anybody, "/workflows/orders/o-9", "{}");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string json) =>
        client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"), Ct);
}
