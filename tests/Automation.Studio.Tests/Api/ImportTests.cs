using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

public sealed class ImportTests(StudioServer server) : IClassFixture<StudioServer>
{
    [Fact]
    public async Task An_archive_arrives_whole()
    {
        var answer = await UploadAsync(("flows.zip", Zip(("a.json", Text("zip-a")), ("below/b.json", Text("zip-b")), ("notes.txt", "not a workflow"))), ("c.json", Bytes(Text("zip-c"))));

        Assert.Equal((200, 3), (answer.Status, answer.At("count")!.GetValue<int>()));
        foreach (var id in new[] { "zip-a", "zip-b", "zip-c" })
            Assert.Equal(200, (await server.GetAsync("/workflow-definitions/by-definition-id/" + id)).Status);
    }

    [Theory]
    [InlineData("cut off", """{"definitionId":"bad","root":""", null)]
    [InlineData("same id twice", """{"definitionId":"bad","name":"bad","root":{"id":"s","type":"Elsa.Sequence","version":1,"activities":[{"id":"w","type":"Elsa.WriteLine","version":1},{"id":"w","name":"Second","type":"Elsa.WriteLine","version":1}]}}""", "w")]
    [InlineData("broken script", """{"definitionId":"bad","name":"bad","root":{"id":"w","name":"Say","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"JavaScript","value":"1 +"}}}}""", "w")]
    public async Task One_bad_file_among_good_ones_leaves_nothing_and_is_named(string what, string bad, string? activityId)
    {
        var prefix = "half-" + what.Replace(' ', '-');
        var answer = await UploadAsync(("flows.zip", Zip(("a.json", Text(prefix + "-a")), ("bad.json", bad), ("c.json", Text(prefix + "-c")))));

        Assert.Equal(400, answer.Status);
        var problem = Assert.Single(answer.At("problems")!.AsArray())!;
        Assert.Contains("bad", problem["reason"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(activityId, problem["activityId"]?.GetValue<string>());
        Assert.Single(answer.At("errors.generalErrors")!.AsArray());
        Assert.Equal(404, (await server.GetAsync($"/workflow-definitions/by-definition-id/{prefix}-a")).Status);
        Assert.Equal(404, (await server.GetAsync($"/workflow-definitions/by-definition-id/{prefix}-c")).Status);
        Assert.Equal(404, (await server.GetAsync("/workflow-definitions/by-definition-id/bad")).Status);
    }

    [Fact]
    public async Task Every_file_that_cannot_be_read_is_told_at_once()
    {
        var answer = await UploadAsync(("one.json", Bytes("{")), ("good.json", Bytes(Text("told-good"))), ("two.zip", Bytes("PK, but not really")), ("three.json", Bytes("[]")));

        Assert.Equal(400, answer.Status);
        var reasons = answer.At("problems")!.AsArray().Select(p => p!["reason"]!.GetValue<string>()).ToList();
        Assert.Equal(3, reasons.Count);
        Assert.All(new[] { "one.json", "two.zip", "three.json" }, f => Assert.Contains(reasons, r => r.Contains(f, StringComparison.Ordinal)));
        Assert.Equal(404, (await server.GetAsync("/workflow-definitions/by-definition-id/told-good")).Status);
    }

    [Fact]
    public async Task Two_versions_of_one_definition_do_not_arrive_together()
    {
        var answer = await UploadAsync(("a.json", Bytes(Text("twice"))), ("b.json", Bytes(Text("twice"))));

        Assert.Equal(400, answer.Status);
        Assert.Contains("twice", answer.At("problems.0.reason")!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(404, (await server.GetAsync("/workflow-definitions/by-definition-id/twice")).Status);
    }

    [Fact]
    public async Task One_definition_with_several_faults_is_refused_with_each_in_its_parts()
    {
        var model = JsonNode.Parse("""
            {"definitionId":"faults","name":"faults","root":{"id":"f","name":"Chart","type":"Elsa.Flowchart","version":1,"activities":[
              {"id":"js","name":"Greet","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"JavaScript","value":"const a = 1;\nreturn a +* 2"}}},
              {"id":"lq","name":"Tell","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"Liquid","value":"{% if x %}"}}}],
             "connections":[{"source":{"activity":"js","port":"Done"},"target":{"activity":"gone","port":"In"}}]}}
            """)!;

        var answer = await server.PostAsync("/workflow-definitions/import", model);

        Assert.Equal(400, answer.Status);
        Assert.Equal("application/problem+json", answer.Headers.GetValueOrDefault("Content-Type")?.Split(';')[0] ?? "application/problem+json");
        var problems = answer.At("problems")!.AsArray();
        Assert.Equal(["f:Chart:connections", "js:Greet:text", "lq:Tell:text"], problems.Select(p => $"{p!["activityId"]}:{p["activityName"]}:{p["property"]}").Order(StringComparer.Ordinal));
        var script = problems.Single(p => p!["activityId"]!.GetValue<string>() == "js")!;
        Assert.Equal((2, 11), (script["line"]!.GetValue<int>(), script["column"]!.GetValue<int>()));
        Assert.Equal(problems.Count, answer.At("errors.generalErrors")!.AsArray().Count);
        Assert.Equal(404, (await server.GetAsync("/workflow-definitions/by-definition-id/faults")).Status);
    }

    private async Task<Answer> UploadAsync(params (string Name, byte[] Content)[] files)
    {
        using var form = new MultipartFormDataContent();
        foreach (var (name, content) in files)
            form.Add(new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } }, "files", name);
        using var response = await server.Client.PostAsync("/elsa/api/workflow-definitions/import-files", form, TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, new Dictionary<string, string>(), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static string Text(string id) => Some.Workflow(id).ToJsonString();

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Zip(params (string Name, string Text)[] files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(Bytes(text));
            }
        }

        return stream.ToArray();
    }
}
