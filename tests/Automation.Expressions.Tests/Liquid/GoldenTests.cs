using System.Text.Json;
using Automation.Expressions.Liquid;

namespace Automation.Expressions.Tests.Liquid;

/// <summary>The Golden Liquid suite, where it is at hand beside the repository.</summary>
public sealed class GoldenTests
{
    /// <summary>What may fail; the README says why.</summary>
    private static readonly string[] KnownMisses = ["tags, case, unexpected when token"];

    [Fact]
    public void Golden_Liquid_passes()
    {
        using var suite = Suite();
        var misses = new List<string>();
        int cases = 0, passed = 0;
        foreach (var test in suite.RootElement.GetProperty("tests").EnumerateArray())
        {
            cases++;
            var name = test.GetProperty("name").GetString()!;
            if (Problem(test) is not { } problem)
                passed++;
            else if (!KnownMisses.Contains(name))
                misses.Add($"{name}: {problem}");
        }

        Assert.True(cases > 1000, $"Only {cases} cases were found.");
        Assert.Empty(misses);
        Assert.True(passed >= 0.99 * cases, $"Only {passed} of {cases} cases pass.");
    }

    [Fact]
    public void Golden_templates_that_load_others_need_a_host_that_has_them()
    {
        using var suite = Suite();
        foreach (var test in suite.RootElement.GetProperty("tests").EnumerateArray().Where(test => test.TryGetProperty("templates", out _)))
            Assert.Equal(ExpressionErrorKind.NotSupported, Templates.Fails(test.GetProperty("template").GetString()!).Kind);
    }

    private static JsonDocument Suite()
    {
        var file = Path.Combine(Templates.RepositoryRoot(), "..", "shared", "expressions", "golden_liquid.json");
        if (!File.Exists(file))
            Assert.Skip("golden_liquid.json is not beside the repository (../shared/expressions).");
        return JsonDocument.Parse(File.ReadAllText(file));
    }

    private static Func<string, string?> Others(JsonElement test) => name =>
        test.TryGetProperty("templates", out var others) && others.TryGetProperty(name, out var source) ? source.GetString() : null;

    private static string? Problem(JsonElement test)
    {
        var invalid = test.TryGetProperty("invalid", out var flag) && flag.GetBoolean();
        string result;
        try
        {
            var json = test.TryGetProperty("data", out var data) ? data.GetRawText() : "{}";
            result = Templates.Render(test.GetProperty("template").GetString()!, json, new LiquidOptions { Templates = Others(test) });
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
}
