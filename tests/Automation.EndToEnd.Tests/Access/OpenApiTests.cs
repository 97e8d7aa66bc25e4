using System.Text.Json;

namespace Automation.EndToEnd.Tests.Access;

/// <summary>The machine-readable description of the API.</summary>
public sealed class OpenApiTests
{
    // Their bodies are files or are sent by forms of the job pages, and say themselves what they are.
    private static readonly string[] WithoutExample = ["/api/jobs"];

    [Fact]
    public async Task Every_operation_that_takes_JSON_shows_an_example_of_it()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var paths = (await server.GetJsonAsync("/openapi/v1.json")).GetProperty("paths");
        var missing = new List<string>();
        var found = 0;
        foreach (var path in paths.EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject().Where(o => o.Name is "post" or "put" or "patch"))
            {
                if (!operation.Value.TryGetProperty("requestBody", out var body) || Array.Exists(WithoutExample, w => path.Name.StartsWith(w, StringComparison.Ordinal)))
                    continue;
                var json = body.GetProperty("content").EnumerateObject().FirstOrDefault(c => c.Name.Contains("json", StringComparison.Ordinal));
                if (json.Value.ValueKind != JsonValueKind.Object)
                    continue;
                if (json.Value.TryGetProperty("example", out _))
                    found++;
                else
                    missing.Add($"{operation.Name} {path.Name}");
            }
        }

        Assert.True(missing.Count == 0, "Without an example: " + string.Join(", ", missing));
        Assert.True(found > 15, $"Only {found} examples were found.");
    }
}
