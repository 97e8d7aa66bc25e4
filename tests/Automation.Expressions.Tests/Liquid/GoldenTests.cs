using System.Text.Json;

namespace Automation.Expressions.Tests.Liquid;

/// <summary>The Golden Liquid suite, where it is at hand beside the repository.</summary>
public sealed class GoldenTests
{
    /// <summary>Of the cases that use what is supported, this share must pass.</summary>
    private const double Share = 0.97;

    [Fact]
    public void Golden_Liquid_passes()
    {
        var file = Path.Combine(RepositoryRoot(), "..", "shared", "expressions", "golden_liquid.json");
        if (!File.Exists(file))
            Assert.Skip("golden_liquid.json is not beside the repository (../shared/expressions).");

        using var suite = JsonDocument.Parse(File.ReadAllText(file));
        var misses = new List<string>();
        var total = 0;
        var supported = 0;
        var supportedMisses = 0;
        foreach (var test in suite.RootElement.GetProperty("tests").EnumerateArray())
        {
            total++;
            // Templates that load others (render, include) are left out on purpose.
            var loads = test.TryGetProperty("templates", out _);
            supported += loads ? 0 : 1;
            if (Problem(test) is not { } problem)
                continue;
            misses.Add($"{test.GetProperty("name").GetString()}: {problem}");
            supportedMisses += loads ? 0 : 1;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{total - misses.Count} of {total} pass; {supported - supportedMisses} of {supported} without render and include.{Environment.NewLine}{string.Join(Environment.NewLine, misses)}");
        Assert.True(supported > 1000, $"Only {supported} cases were found.");
        Assert.True(supported - supportedMisses >= Share * supported, string.Join(Environment.NewLine, misses));
    }

    private static string? Problem(JsonElement test)
    {
        var invalid = test.TryGetProperty("invalid", out var flag) && flag.GetBoolean();
        string result;
        try
        {
            var json = test.TryGetProperty("data", out var data) ? data.GetRawText() : "{}";
            result = Templates.Render(test.GetProperty("template").GetString()!, json);
        }
        catch (ExpressionException e)
        {
            return invalid ? null : $"failed: {e.Message}";
        }

        if (invalid)
            return $"should fail but gives {JsonSerializer.Serialize(result)}";
        var accepted = test.TryGetProperty("results", out var results)
            ? results.EnumerateArray().Select(r => r.GetString()).ToArray()
            : [test.GetProperty("result").GetString()];
        return accepted.Contains(result)
            ? null
            : $"expected {JsonSerializer.Serialize(accepted[0])}, got {JsonSerializer.Serialize(result)}";
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Directory.Packages.props")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return folder;
    }
}
