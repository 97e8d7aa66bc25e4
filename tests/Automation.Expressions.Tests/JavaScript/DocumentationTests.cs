using System.Runtime.CompilerServices;
using System.Text.Json;
using Automation.Expressions.JavaScript;
using Automation.Expressions.JavaScript.Builtins;
using Automation.Expressions.Liquid.Filters;

namespace Automation.Expressions.Tests.JavaScript;

/// <summary>The README's examples give what it says they give.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public void Every_example_of_the_readme_gives_the_value_under_it()
    {
        var lines = File.ReadAllLines(Readme());
        var start = Array.IndexOf(lines, "```json") + 1;
        using var input = JsonDocument.Parse(string.Join('\n', lines[start..Array.IndexOf(lines, "```", start)]));
        var compiler = new JavaScriptCompiler(ExpressionLimits.Default, TimeProvider.System, TimeZoneInfo.Utc);
        var examples = lines.Where(l => l.StartsWith("> ", StringComparison.Ordinal) || l.StartsWith("= ", StringComparison.Ordinal)).Select(l => l[2..]).Chunk(2).ToList();
        Assert.True(examples.Count >= 25, $"{examples.Count} examples");
        foreach (var example in examples)
        {
            var value = compiler.Compile(example[0]).Evaluate(new ScriptScope().Set("input", input.RootElement), TestContext.Current.CancellationToken);
            using var expected = JsonDocument.Parse(example[1]);
            Assert.True(JsonElement.DeepEquals(expected.RootElement, ScriptJson.ToElement(value)), $"{example[0]} gave {ScriptJson.ToElement(value).GetRawText()}");
        }
    }

    [Fact]
    public void The_page_for_users_names_every_global_filter_and_limit()
    {
        var page = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Readme())!, "../../docs/expressions.md"));
        var globals = GlobalBuiltins.Members.Keys.Select(k => (string)k.Value);
        var limits = typeof(ExpressionLimits).GetProperties().Where(p => p.Name != nameof(ExpressionLimits.Default)).Select(p => p.Name);
        Assert.All(globals.Concat(FilterTable.Names).Concat(limits), name => Assert.Contains($"`{name}", page, StringComparison.Ordinal));
    }

    private static string Readme([CallerFilePath] string path = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "../../../src/Automation.Expressions/README.md"));
}
