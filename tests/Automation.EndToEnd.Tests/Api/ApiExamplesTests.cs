using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Automation.Host.OpenApi;

namespace Automation.EndToEnd.Tests.Api;

/// <summary>
/// The examples in the description of the API are what a running server said: every one is asked again here, and must be
/// answered in the same shape. After a change that is meant, <c>AUTOMATION_RECORD_EXAMPLES=1</c> writes them anew.
/// </summary>
public sealed partial class ApiExamplesTests
{
    private const string Folder = "src/Automation.Host/OpenApi/examples";

    private static readonly JsonSerializerOptions Written = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_answers_as_its_examples_show_and_refuses_as_they_say()
    {
        await using var server = await ServerUnderTest.StartAsync(
            [("Automation__Access__SignInsPerMinute", "1000")], folder => File.WriteAllText(Path.Combine(folder, "breaks.json"), ApiStory.Failing));
        using var tour = await ApiTour.BeginAsync(server);
        await ApiStory.TellAsync(server, tour);
        var told = tour.Exchanges.ConvertAll(e => e with { Answer = ExampleShapes.Short(e.Answer) });

        if (Environment.GetEnvironmentVariable("AUTOMATION_RECORD_EXAMPLES") == "1")
            await RecordAsync(server, told);

        var faults = tour.Faults;
        var description = (await server.GetJsonAsync("/openapi/v1.json")).GetProperty("paths");
        var operations = description.EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Select(o => $"{o.Name.ToUpperInvariant()} {p.Name}")).ToHashSet(StringComparer.Ordinal);
        faults.AddRange(operations.Except(told.Select(e => e.Operation), StringComparer.Ordinal).Select(o => $"{o} is asked nowhere: add it to {nameof(ApiStory)}."));

        var examples = await ReadAsync();
        faults.AddRange(told.Select(Name).Except(examples.Select(Name), StringComparer.Ordinal).Select(n => $"{n} is not among the examples."));
        faults.AddRange(examples.Select(Name).Except(told.Select(Name), StringComparer.Ordinal).Select(n => $"{n} was not answered so."));
        foreach (var example in examples)
        {
            if (told.Find(e => Name(e) == Name(example)) is { } now)
                faults.AddRange(ExampleShapes.Differences(example.Answer, now.Answer).Append(example.Type == now.Type ? "" : $"the type was {example.Type} and is {now.Type}").Where(d => d.Length > 0).Select(d => $"{Name(example)}: {d}"));
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults) + "\nWhere this is meant, run this test once with AUTOMATION_RECORD_EXAMPLES=1.");
    }

    [Fact]
    public async Task Every_operation_of_the_description_has_a_name_a_summary_examples_of_request_and_answer_and_says_what_refuses_it()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var description = await server.GetJsonAsync("/openapi/v1.json");
        var faults = new List<string>();
        var count = 0;
        foreach (var path in description.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var name = $"{operation.Name.ToUpperInvariant()} {path.Name}";
                faults.AddRange(FaultsOf(operation.Value, path.Name).Select(f => $"{name} {f}"));
                count++;
            }
        }

        Assert.True(count > 130, $"Only {count} operations are described.");
        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    private static IEnumerable<string> FaultsOf(JsonElement operation, string path)
    {
        if (!operation.TryGetProperty("summary", out _))
            yield return "has no summary.";
        if (!operation.TryGetProperty("operationId", out _))
            yield return "has no name.";
        var responses = operation.GetProperty("responses").EnumerateObject().ToDictionary(r => r.Name, r => r.Value, StringComparer.Ordinal);
        foreach (var (status, response) in responses)
        {
            if (!response.TryGetProperty("content", out var content))
                continue;
            foreach (var type in content.EnumerateObject().Where(t => !t.Value.TryGetProperty("example", out _)))
                yield return $"shows no example of its answer {status} ({type.Name}).";
        }

        if (!responses.Keys.Any(s => s.StartsWith('2')))
            yield return "says nothing of what it answers.";
        foreach (var refusal in new[] { "401", "403" }.Where(s => !responses.ContainsKey(s)))
            yield return $"does not say that it may answer {refusal}.";
        if (operation.TryGetProperty("requestBody", out var body))
        {
            foreach (var type in body.GetProperty("content").EnumerateObject().Where(t => t.Name.Contains("json", StringComparison.Ordinal) && !t.Value.TryGetProperty("example", out _)))
                yield return $"shows no example of the {type.Name} that it takes.";
            if (!responses.ContainsKey("400") && path != "/api/mappings/check")
                yield return "takes a body and does not say what refuses one (400).";
        }

        foreach (var parameter in operation.TryGetProperty("parameters", out var listed) ? listed.EnumerateArray() : default)
        {
            if (parameter.GetProperty("in").GetString() == "path" && !parameter.TryGetProperty("example", out _))
                yield return $"shows no example of {parameter.GetProperty("name")} in {path}.";
        }
    }

    private static string Name(ApiExchange exchange) => $"{exchange.Operation} {exchange.Status}";

    private static async Task<List<ApiExchange>> ReadAsync()
    {
        var examples = new List<ApiExchange>();
        foreach (var file in Directory.GetFiles(Path.Combine(ServerUnderTest.RepositoryRoot, Folder), "*.json").Order(StringComparer.Ordinal))
        {
            await using var stream = File.OpenRead(file);
            examples.AddRange((await JsonSerializer.DeserializeAsync<List<ApiExchange>>(stream, Written, Token))!);
        }

        return examples;
    }

    /// <summary>Writes a file for each part of the API, without what is only of this machine or secret.</summary>
    private static async Task RecordAsync(ServerUnderTest server, IEnumerable<ApiExchange> told)
    {
        var folder = Directory.CreateDirectory(Path.Combine(ServerUnderTest.RepositoryRoot, Folder));
        foreach (var part in told.DistinctBy(Name).GroupBy(e => e.Operation == "any" ? "any" : e.Operation.Split('/')[2], StringComparer.Ordinal))
        {
            var text = JsonSerializer.Serialize(part.Select(e => e with { Answer = Hidden(e.Answer) }), Written)
                .Replace(server.DataDirectory, "/var/lib/automation", StringComparison.Ordinal)
                .Replace(Path.GetDirectoryName(server.DataDirectory)!, "/var/lib/automation", StringComparison.Ordinal)
                .Replace(server.Address, "http://127.0.0.1:5080", StringComparison.Ordinal)
                .Replace($"127.0.0.1:{server.Port}", "127.0.0.1:5080", StringComparison.Ordinal)
                .Replace(ServerUnderTest.RepositoryRoot, "/opt/automation", StringComparison.Ordinal);
            text = ServerName().Replace(text, "node-1:${rest}");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, part.Key + ".json"), text + "\n", Token);
        }
    }

    /// <summary>The answer without what opens something.</summary>
    private static JsonNode? Hidden(JsonNode? node)
    {
        if (node is JsonObject thing)
        {
            foreach (var name in thing.Select(m => m.Key).ToList())
            {
                if (name is "secret" or "verifier" && thing[name] is JsonValue)
                    thing[name] = "shown this once";
                else
                    Hidden(thing[name]);
            }
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list)
                Hidden(item);
        }

        return node;
    }

    [GeneratedRegex(@"\b[A-Za-z0-9.-]+:(?<rest>[0-9]+:[0-9a-f]{8}-[0-9a-f-]{27})", RegexOptions.None, 1000)]
    private static partial Regex ServerName();
}
