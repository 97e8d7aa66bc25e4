using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>
/// Every file that was recorded from the genuine server and the genuine Studio, and what holds it. A file that the table does
/// not name fails, and so does a line of the table that names none.
/// </summary>
public sealed partial class CaptureTests(CaptureServer captured) : IClassFixture<CaptureServer>
{
    private readonly CaptureServer _captured = captured;

    private const string Described = "tells what the files are";

    private static readonly (string Pattern, Func<CaptureTests, string, Task>? Hold, string? Elsewhere)[] Table =
    [
        ("captures/README.md", null, Described),
        ("captures/descriptors/descriptors-activities.json", (t, f) => t.ActivitiesAsync(f, "/descriptors/activities"), null),
        ("captures/descriptors/descriptors-activities-refresh.json", (t, f) => t.ActivitiesAsync(f, "/descriptors/activities?refresh=true"), null),
        ("captures/descriptors/descriptors-activity-WriteLine.json", (t, f) => t.AnswerAsync(f, "GET", "/descriptors/activities/Elsa.WriteLine"), null),
        ("captures/descriptors/descriptors-commit-strategies-activities.json", (t, f) => t.ListAsync(f, "/descriptors/commit-strategies/activities", "name"), null),
        ("captures/descriptors/descriptors-commit-strategies-workflows.json", (t, f) => t.ListAsync(f, "/descriptors/commit-strategies/workflows", "name"), null),
        ("captures/descriptors/descriptors-expression-descriptors.json", (t, f) => t.ListAsync(f, "/descriptors/expression-descriptors", "type"), null),
        ("captures/descriptors/descriptors-variables.json", (t, f) => t.ListAsync(f, "/descriptors/variables", "typeName"), null),
        ("captures/descriptors/descriptors-*.json", (t, f) => t.ListAsync(f, "/descriptors/" + f[(f.LastIndexOf("descriptors-", StringComparison.Ordinal) + 12)..^5], "typeName"), null),
        ("captures/definitions-export/*.json", (t, f) => t.ExportAsync(f), null),
        ("captures/instances/flowfork-join-any/variables.json", (t, f) => t.OfInstanceAsync(f, "/workflow-instances/{0}/variables"), null),
        ("captures/instances/flowfork-join-any/execution-state.json", (t, f) => t.OfInstanceAsync(f, "/workflow-instances/{0}/execution-state"), null),
        ("captures/instances/flowfork-join-any/*.json", null, "the recorded server runs the join and what follows it twice when the first branch arrives; conformance cases hold what is meant"),
        ("captures/instances/*/execute-response.json", async (t, f) => Same(f, (await t.RunAsync(f)).Executed), null),
        ("captures/instances/*/export.json", (t, f) => t.ExportOfInstanceAsync(f), null),
        ("captures/instances/*/instance.json", (t, f) => t.OfInstanceAsync(f, "/workflow-instances/{0}"), null),
        ("captures/instances/*/journal.json", (t, f) => t.OfInstanceAsync(f, "/workflow-instances/{0}/journal?skip=0&take=100"), null),
        ("captures/instances/*/execution-state.json", (t, f) => t.OfInstanceAsync(f, "/workflow-instances/{0}/execution-state"), null),
        ("captures/instances/*/variables.json", (t, f) => t.OfInstanceAsync(f, "/workflow-instances/{0}/variables"), null),
        ("captures/instances/*/activity-executions.json", (t, f) => t.OfInstanceAsync(f, "/activity-executions/list?WorkflowInstanceId={0}"), null),
        ("captures/instances/*/activity-execution-summaries.json", (t, f) => t.OfInstanceAsync(f, "/activity-execution-summaries/list?WorkflowInstanceId={0}"), null),
        ("captures/http/two-continue-header.txt", null, "the recorded server does not find the instance that waits if the header names it; ours does"),
        ("captures/http/*.txt", (t, f) => t.HttpAsync(f), null),
        ("captures/api/bulk-dispatch-writeline.json", (t, f) => t.AnswerAsync(f, "POST", "/workflow-definitions/s-writeline/bulk-dispatch", new JsonObject { ["count"] = 3 }), null),
        ("captures/api/cancel-instance.json", async (t, f) => await t.EmptyAsync(f, "POST", $"/cancel/workflow-instances/{(await t._captured.RunAsync("runtask")).Id}-not"), null),
        ("captures/api/dispatch-notfound.json", (t, f) => t.EmptyAsync(f, "POST", "/workflow-definitions/nope/dispatch", 404), null),
        ("captures/api/dispatch-writeline.json", (t, f) => t.AnswerAsync(f, "POST", "/workflow-definitions/s-writeline/dispatch", new JsonObject()), null),
        ("captures/api/events-trigger-start.json", (t, f) => t.EmptyAsync(f, "POST", "/events/trigger-event/trigger"), null),
        ("captures/api/events-trigger.json", (t, f) => t.EmptyAsync(f, "POST", "/events/nobody-waits/trigger"), null),
        ("captures/api/execute-notfound.json", (t, f) => t.EmptyAsync(f, "POST", "/workflow-definitions/nope/execute", 404), null),
        ("captures/api/features-installed.json", (t, f) => t.FeaturesAsync(f), null),
        ("captures/api/identity-login-wrong-password.json", (t, f) => t.LoginAsync(f, "wrong"), null),
        ("captures/api/identity-login.json", (t, f) => t.LoginAsync(f, ServerUnderTest.AdminKey), null),
        ("captures/api/identity-refresh-token.json", (t, f) => t.AnswerAsync(f, "POST", "/identity/refresh-token", new JsonObject()), null),
        ("captures/api/import.json", (t, f) => t.LifeAsync(f), null),
        ("captures/api/publish.json", (t, f) => t.LifeAsync(f), null),
        ("captures/api/publish-again.json", (t, f) => t.LifeAsync(f), null),
        ("captures/api/retract.json", (t, f) => t.LifeAsync(f), null),
        ("captures/api/workflow-definition-versions.json", (t, f) => t.LifeAsync(f), null),
        ("captures/api/is-name-unique.json", (t, f) => t.AnswerAsync(f, "GET", "/workflow-definitions/validation/is-name-unique?name=abc"), null),
        ("captures/api/js-type-definitions.json", (t, f) => t.TypesAsync(f), null),
        ("captures/api/not-found-definition.json", (t, f) => t.EmptyAsync(f, "GET", "/workflow-definitions/by-definition-id/nope", 404), null),
        ("captures/api/not-found-instance.json", (t, f) => t.EmptyAsync(f, "GET", "/workflow-instances/nope", 404), null),
        ("captures/api/package-version.json", (t, f) => t.AnswerAsync(f, "GET", "/package/version"), null),
        ("captures/api/resilience-strategies-HttpSend.json", (t, f) => t.AnswerAsync(f, "GET", "/resilience/strategies?category=HTTP"), null),
        ("captures/api/unauthorized-get-workflow-definitions.txt", (t, f) => t.EmptyAsync(f, "GET", "/workflow-definitions", 401, t.Nobody), null),
        ("captures/api/workflow-definition-by-definition-id.json", (t, f) => t.AnswerAsync(f, "GET", "/workflow-definitions/by-definition-id/s-runjavascript?versionOptions=Latest&includeCompositeRoot=true"), null),
        ("captures/api/workflow-definition-consumers.json", (t, f) => t.AnswerAsync(f, "GET", "/workflow-definitions/s-liquid/consumers"), null),
        ("captures/api/workflow-definition-subgraph.json", null, "the recorded server fails with 500 and an empty body; ours answers, see GraphEndpoints and its tests"),
        ("captures/api/workflow-definitions-list.json", (t, f) => t.FirstItemAsync(f, "GET", "/workflow-definitions?page=0&pageSize=5&versionOptions=Latest&orderBy=Name&orderDirection=Ascending&searchTerm=s-runtask"), null),
        ("captures/api/workflow-instances-list.json", (t, f) => t.InstancesAsync(f, "GET", "/workflow-instances?page=0&pageSize=5&orderBy=Created&orderDirection=Descending&searchTerm=s-writeline"), null),
        ("captures/api/workflow-instances-list-faulted.json", (t, f) => t.InstancesAsync(f, "POST", "/workflow-instances"), null),
        ("studio/requests.ndjson", null, "Automation.Studio.Tests RecordedRequestsTests.Every_request_of_the_genuine_Studio_succeeds"),
        ("studio/save-*.json", null, "Automation.Studio.Tests RecordedRequestsTests.What_the_Studio_saves_comes_back_as_it_was"),
        ("studio/endpoints-used.json", (t, f) => t.EndpointsAsync(f), null),
        ("studio/create-workflow-request.json", (t, f) => t.CreateAsync(f), null),
        ("studio/failure-matrix-*.txt", (t, f) => t.NeededAsync(f), null),
        ("studio/signalr-conversation.json", (t, f) => new CapturedConversation(t._captured).HoldAsync(f), null),
    ];

    private HttpClient Nobody => field ??= new HttpClient { BaseAddress = new Uri(_captured.Server.Address) };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Recorded => [.. Captures.Files.Where(f => Find(f) is { Elsewhere: null })];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Recorded))]
    public Task Ours_has_what_was_recorded(string file) => Find(file)!.Value.Hold!(this, file);

    [Fact]
    public void Every_file_is_held_and_every_line_of_the_table_names_one()
    {
        Assert.SkipUnless(Captures.AreHere, "The recordings (../shared/elsa) do not stand beside the clone.");

        Assert.DoesNotContain(Captures.Files, f => Find(f) is null);
        Assert.Empty(Table.Select(l => l.Pattern).Except(Captures.Files.Select(f => Find(f)?.Pattern), StringComparer.Ordinal));
    }

    private static (string Pattern, Func<CaptureTests, string, Task>? Hold, string? Elsewhere)? Find(string file) =>
        Table.Where(l => Regex.IsMatch(file, $"^{Regex.Escape(l.Pattern).Replace("\\*", "[^/]*", StringComparison.Ordinal)}$", RegexOptions.None, TimeSpan.FromSeconds(1)))
            .Select(l => ((string, Func<CaptureTests, string, Task>?, string?)?)l).FirstOrDefault();

    private static void Same(string file, JsonNode? ours) => Nothing(Captures.Differences(CapturedOddities.Without(file, Captures.Json(file)), ours));

    private static void Nothing(IEnumerable<string> differences) => Assert.True(!differences.Any(), string.Join(Environment.NewLine, differences.Take(40)));

    private Task<CapturedRun> RunAsync(string file) => _captured.RunAsync(file.Split('/')[^2]);

    private async Task<JsonNode> JsonAsync(string method, string path, JsonNode? body = null)
    {
        var (status, text) = await _captured.CallAsync(method, path, body);
        Assert.True(status == 200, $"{method} {path}: {status} {text}");
        return JsonNode.Parse(text)!;
    }

    private async Task AnswerAsync(string file, string method, string path, JsonNode? body = null) => Same(file, await JsonAsync(method, path, body));

    private async Task EmptyAsync(string file, string method, string path, int status = 200, HttpClient? client = null)
    {
        // Where the genuine one says nothing, ours may say why.
        Assert.Empty(Captures.Text(file));
        var answer = await _captured.CallAsync(method, path, method == "POST" ? new JsonObject() : null, client);
        Assert.Equal(status, answer.Status);
        Assert.True(answer.Text.Length == 0 || status == 401, answer.Text);
    }

    /// <summary>A list of which ours may have more, in another order.</summary>
    private async Task ListAsync(string file, string path, string key)
    {
        var recorded = CapturedOddities.Without(file, Captures.Json(file))!;
        var ours = await JsonAsync("GET", path);
        Nothing(Captures.DifferencesByKey(recorded["items"]!.AsArray(), ours["items"]!.AsArray(), key));
        Assert.Equal(recorded["count"] is null, ours["count"] is null);
    }

    /// <summary>Inputs, outputs and ports are known by their names, too.</summary>
    private async Task ActivitiesAsync(string file, string path)
    {
        var ours = (await JsonAsync("GET", path))["items"]!.AsArray();
        foreach (var recorded in CapturedOddities.Without(file, Captures.Json(file))!["items"]!.AsArray().Select(a => a!.AsObject()))
        {
            var own = ours.FirstOrDefault(o => o!["typeName"]!.GetValue<string>() == recorded["typeName"]!.GetValue<string>())?.AsObject();
            Assert.True(own is not null, $"{recorded["typeName"]} is not there");
            foreach (var list in (string[])["inputs", "outputs", "ports"])
            {
                Nothing(Captures.DifferencesByKey(recorded[list]!.AsArray(), own[list]!.AsArray(), "name").Select(d => $"{recorded["typeName"]}.{list}: {d}"));
                recorded.Remove(list);
            }

            Nothing(Captures.Differences(recorded, own).Select(d => $"{recorded["typeName"]}: {d}"));
        }
    }

    private async Task FirstItemAsync(string file, string method, string path)
    {
        var recorded = Captures.Json(file);
        recorded["items"] = new JsonArray(recorded["items"]![0]!.DeepClone());
        Nothing(Captures.Differences(recorded, await JsonAsync(method, path)));
    }

    private async Task InstancesAsync(string file, string method, string path)
    {
        await _captured.RunAsync("fault");
        await JsonAsync("POST", "/workflow-definitions/s-writeline/execute", new JsonObject());
        var recorded = Captures.Json(file);
        var faulted = method == "POST";
        var ours = await JsonAsync(method, path, faulted ? new JsonObject { ["subStatuses"] = new JsonArray("Faulted"), ["definitionIds"] = new JsonArray("s-fault") } : null);
        // The recorded list holds whatever ran before; one entry is compared, that of the same definition where there is one.
        var entry = recorded["items"]!.AsArray().First(i => !faulted || i!["definitionId"]!.GetValue<string>() == "s-fault")!.DeepClone();
        if (!faulted)
            entry["definitionId"] = "s-writeline";
        Nothing(Captures.Differences(entry, ours["items"]![0]));
        Assert.NotNull(ours["totalCount"]);
    }

    private async Task OfInstanceAsync(string file, string path)
    {
        var run = await RunAsync(file);
        var recorded = CapturedOddities.Without(file, Captures.Json(file));
        Nothing(Captures.Differences(recorded, await JsonAsync("GET", string.Format(System.Globalization.CultureInfo.InvariantCulture, path, run.Id))));
    }

    private async Task ExportOfInstanceAsync(string file)
    {
        var run = await RunAsync(file);
        var recorded = CapturedOddities.Without(file, Captures.Json(file));
        Nothing(Captures.Differences(recorded, await JsonAsync("GET", $"/workflow-instances/{run.Id}/export?includeBookmarks=true&includeActivityExecutionLog=true&includeWorkflowExecutionLog=true")));
    }

    private async Task ExportAsync(string file)
    {
        var recorded = Captures.Json(file);
        var exported = await JsonAsync("GET", $"/workflow-definitions/{recorded["definitionId"]}/export?versionOptions=Published");
        Nothing(Captures.Differences(recorded, exported));
    }

    private async Task FeaturesAsync(string file)
    {
        // Which features a server has differs; each has these members, and those that the Studio asks for are there.
        var recorded = Captures.Json(file)["items"]!.AsArray();
        var ours = (await JsonAsync("GET", "/features/installed"))["items"]!.AsArray();
        Assert.NotEmpty(ours);
        Assert.All(ours, feature => Assert.Empty(recorded[0]!.AsObject().Select(m => m.Key).Except(feature!.AsObject().Select(m => m.Key), StringComparer.Ordinal)));
    }

    private async Task LoginAsync(string file, string password)
    {
        var (status, text) = await _captured.CallAsync("POST", "/identity/login", new JsonObject { ["username"] = "admin", ["password"] = password }, Nobody);
        Assert.Equal(200, status);
        Same(file, JsonNode.Parse(text));
    }

    /// <summary>The life of one definition, step by step as it was recorded; each file is one of the steps.</summary>
    private async Task LifeAsync(string file)
    {
        var name = Path.GetFileNameWithoutExtension(file);
        var id = "s-life-" + name;
        var definition = JsonNode.Parse(Captures.Text("captures/definitions-export/writeline.json").Replace("s-writeline", id, StringComparison.Ordinal))!;
        var steps = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        await JsonAsync("POST", "/workflow-definitions", new JsonObject { ["model"] = definition.DeepClone(), ["publish"] = true });
        steps["workflow-definition-versions"] = await JsonAsync("GET", $"/workflow-definitions/{id}/versions");
        steps["publish-again"] = await JsonAsync("POST", $"/workflow-definitions/{id}/publish", new JsonObject());
        steps["retract"] = await JsonAsync("POST", $"/workflow-definitions/{id}/retract", new JsonObject());
        steps["publish"] = await JsonAsync("POST", $"/workflow-definitions/{id}/publish", new JsonObject());
        steps["import"] = await JsonAsync("POST", "/workflow-definitions/import", definition.DeepClone());
        var recorded = JsonNode.Parse(Captures.Text(file).Replace("s-writeline", id, StringComparison.Ordinal))!;
        if (name == "workflow-definition-versions")
        {
            // The content is text here; it is compared as what it says.
            foreach (var version in (JsonNode[])[recorded[0]!, steps[name][0]!])
                version["stringData"] = JsonNode.Parse(version["stringData"]!.GetValue<string>());
        }

        Nothing(Captures.Differences(CapturedOddities.Without(file, recorded), steps[name]));
    }

    private async Task TypesAsync(string file)
    {
        var (status, text) = await _captured.CallAsync("POST", "/scripting/javascript/type-definitions/s-runjavascript", new JsonObject { ["activityTypeName"] = "Elsa.RunJavaScript" });
        Assert.Equal(200, status);
        var missing = Functions().Matches(Captures.Text(file)).Select(m => m.Value).Except(Functions().Matches(text).Select(m => m.Value), StringComparer.Ordinal);
        Assert.Empty(missing);
    }

    private async Task EndpointsAsync(string file)
    {
        // What each asks for may not exist here: an answer of ours says so without a body, an unknown route with one of the host's.
        var unknown = new List<string>();
        foreach (var used in Captures.Json(file).AsArray())
        {
            var example = used!["example"]!;
            var method = used["endpoint"]!.GetValue<string>().Split(' ')[0];
            using var request = new HttpRequestMessage(HttpMethod.Options, "/elsa/api" + example["path"]);
            using var response = await _captured.Server.Api.SendAsync(request, Ct);
            if (!response.Content.Headers.Allow.Contains(method))
                unknown.Add($"{used["endpoint"]}: {(int)response.StatusCode} {string.Join(',', response.Content.Headers.Allow)}");
        }

        Assert.Empty(unknown);
    }

    private async Task CreateAsync(string file)
    {
        var request = Captures.Json(file);
        var saved = await JsonAsync("POST", "/workflow-definitions", request.DeepClone());
        var model = request["model"]!.AsObject();
        // Dates of the year 1 stand for "none yet".
        model.Remove("createdAt");
        Nothing(Captures.Differences(model, saved["workflowDefinition"]));
    }

    private async Task NeededAsync(string file)
    {
        // Each line names what the Studio was not given, and what then failed: ours gives it, and never an empty list of it.
        var run = await _captured.RunAsync("event");
        var version = (await JsonAsync("GET", "/workflow-definitions/by-definition-id/s-event"))["id"]!.GetValue<string>();
        foreach (var line in Captures.Text(file).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var path = Blocked().Match(line).Groups[1].Value.TrimEnd('$');
            var isNeeded = line.Contains("=false", StringComparison.Ordinal) || !line.EndsWith("errors=0", StringComparison.Ordinal);
            var (method, asked) = path switch
            {
                "/variables" => ("GET", $"/workflow-instances/{run.Id}/variables"),
                "/journal" => ("GET", $"/workflow-instances/{run.Id}/journal"),
                "/execution-state" => ("GET", $"/workflow-instances/{run.Id}/execution-state"),
                "/activity-executions/list" or "/activity-execution-summaries" => ("GET", $"/{path.Split('/')[1]}/list?WorkflowInstanceId={run.Id}"),
                "/activity-executions/report" => ("POST", path),
                "/workflow-definitions/by-id" => ("GET", $"{path}/{version}"),
                "/scripting/" => ("POST", "/scripting/javascript/type-definitions/s-event"),
                "/descriptors/commit-strategies" => ("GET", path + "/workflows"),
                _ => ("GET", path),
            };
            var (status, text) = await _captured.CallAsync(method, asked, method == "POST" ? new JsonObject { ["workflowInstanceId"] = run.Id, ["activityNodeIds"] = new JsonArray("Workflow1") } : null);
            Assert.True(status == 200, $"{path}: {status} {text}");
            if (isNeeded && text.StartsWith('{') && JsonNode.Parse(text)!["items"] is JsonArray items)
                Assert.True(items.Count > 0 || path == "/descriptors/output-converters", path);
        }
    }

    private async Task HttpAsync(string file)
    {
        var lines = Captures.Text(file).Split('\n').Select(l => l.TrimEnd('\r')).ToArray();
        var asked = RequestLine().Match(lines[0]);
        using var request = new HttpRequestMessage(new HttpMethod(asked.Groups[1].Value), asked.Groups[2].Value);
        var (headers, body) = CapturedRequest.Read(asked.Groups[3].Value);
        if (file.Contains("two-continue", StringComparison.Ordinal))
        {
            using var start = await _captured.Server.Api.GetAsync("/workflows/two/start", Ct);
            headers["x-workflow-instance-id"] = await start.Content.ReadAsStringAsync(Ct);
            if (file.EndsWith("again.txt", StringComparison.Ordinal))
                (await _captured.Server.Api.GetAsync("/workflows/two/continue?workflowInstanceId=" + headers["x-workflow-instance-id"], Ct)).Dispose();
        }

        if (body is not null)
        {
            request.Content = new StringContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(headers.GetValueOrDefault("Content-Type", "application/json"));
        }

        foreach (var (name, value) in headers.Where(h => h.Key != "Content-Type"))
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await (file.EndsWith("secure-authenticated.txt", StringComparison.Ordinal) ? _captured.Server.Api : Nobody).SendAsync(request, Ct);
        var text = await response.Content.ReadAsStringAsync(Ct);

        CapturedOddities.Http(file, lines, (int)response.StatusCode, response, text);
    }

    [GeneratedRegex(@"^declare function \w+", RegexOptions.Multiline, 1000)]
    private static partial Regex Functions();

    [GeneratedRegex(@"BLOCK (\S+)", RegexOptions.None, 1000)]
    private static partial Regex Blocked();

    [GeneratedRegex(@"^(\w+) (\S+)\s*(.*)$", RegexOptions.None, 1000)]
    private static partial Regex RequestLine();
}
