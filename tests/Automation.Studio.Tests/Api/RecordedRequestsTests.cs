using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

/// <summary>Everything that the genuine Studio was seen to ask is answered.</summary>
public sealed partial class RecordedRequestsTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Fact]
    public async Task Every_request_of_the_genuine_Studio_succeeds()
    {
        var requests = (await File.ReadAllLinesAsync(Recordings.Require("studio/requests.ndjson"), TestContext.Current.CancellationToken))
            .Select(line => JsonNode.Parse(line)!)
            .Where(r => r["t"]!.GetValue<string>() == "api" && r["status"]?.GetValue<int>() == 200)
            .ToList();
        Assert.NotEmpty(requests);

        // What the recording talks about exists here under ids of ours.
        var orders = await server.SaveAsync(Some.Waiting("orders"), publish: true);
        await server.SaveAsync(Some.Workflow("empty"), publish: false);
        var instance = (await server.PostAsync("/workflow-definitions/orders/execute", new JsonObject())).Headers["x-elsa-workflow-instance-id"];
        var version = orders.At("workflowDefinition.id")!.GetValue<string>();

        var failed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var request in requests)
        {
            var path = request["path"]!.GetValue<string>() + (request["query"]?.GetValue<string>() ?? "");
            // Executions are numbered within their instance; the second is the activity that waits.
            path = Execution().Replace(path, instance + "-2");
            path = Instance().Replace(path, instance);
            path = Version().Replace(path, version);
            path = MadeThere().Replace(path, "/by-definition-id/orders");
            var body = request["body"]?.DeepClone();
            if (path.StartsWith("/tests/", StringComparison.Ordinal))
            {
                body!["workflowDefinitionHandle"]!["definitionVersionId"] = version;
                body["activityHandle"]!["activityNodeId"] = "Workflow1:Sequence1:wait";
            }

            var answer = await server.CallAsync(new HttpMethod(request["method"]!.GetValue<string>()), path, body);
            if (answer.Status is < 200 or >= 300)
                failed.Add($"{answer.Status} {request["method"]} {path} {answer.Text[..Math.Min(200, answer.Text.Length)]}");
        }

        Assert.Empty(failed);
    }

    [Theory]
    [InlineData("save-publish.json")]
    [InlineData("save-nested-if-then.json")]
    [InlineData("save-output-binding.json")]
    [InlineData("save-variable-expression.json")]
    public async Task What_the_Studio_saves_comes_back_as_it_was(string file)
    {
        var request = Recordings.Read("studio/" + file);
        request["publish"] = false;
        request["model"]!["definitionId"] = "saved-" + Path.GetFileNameWithoutExtension(file);

        var saved = await server.PostAsync("/workflow-definitions", request);

        Assert.Equal(200, saved.Status);
        Assert.Empty(Recordings.Missing(request["model"]!["root"], saved.At("workflowDefinition.root")));
        Assert.Empty(Recordings.Missing(request["model"]!["variables"], saved.At("workflowDefinition.variables")));
    }

    [GeneratedRegex(@"inst-\d-[a-z]\d+", RegexOptions.None, 1000)]
    private static partial Regex Execution();

    [GeneratedRegex(@"inst-\d|(?<=/workflow-instances/)[0-9a-f]{16}|(?<=WorkflowInstanceId=)[0-9a-f]{16}", RegexOptions.None, 1000)]
    private static partial Regex Instance();

    [GeneratedRegex(@"(?<=/by-id/)[^/?]+", RegexOptions.None, 1000)]
    private static partial Regex Version();

    [GeneratedRegex(@"/by-definition-id/[0-9a-f]{16}", RegexOptions.None, 1000)]
    private static partial Regex MadeThere();
}
