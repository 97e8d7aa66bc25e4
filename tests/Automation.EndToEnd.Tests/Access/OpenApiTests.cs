using System.Text.Json;

namespace Automation.EndToEnd.Tests.Access;

/// <summary>The machine-readable description of the API.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task Every_operation_says_what_it_does_and_shows_an_example_of_the_JSON_that_it_takes()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var paths = (await server.GetJsonAsync("/openapi/v1.json")).GetProperty("paths");
        var missing = new List<string>();
        var found = 0;
        foreach (var path in paths.EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject().Where(o => o.Name is "post" or "put" or "patch"))
            {
                if (!operation.Value.TryGetProperty("requestBody", out var body))
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

        var unnamed = paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject().Where(o => !o.Value.TryGetProperty("summary", out _)).Select(o => $"{o.Name} {p.Name}"));
        Assert.Equal([], unnamed);
        Assert.True(missing.Count == 0, "Without an example: " + string.Join(", ", missing));
        Assert.True(found > 15, $"Only {found} examples were found.");
    }
}
