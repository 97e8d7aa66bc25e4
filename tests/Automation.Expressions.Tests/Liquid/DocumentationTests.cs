namespace Automation.Expressions.Tests.Liquid;

/// <summary>The README's examples do what they seem to do.</summary>
public sealed class DocumentationTests
{
    private const string Data = """
        {
          "Input": {
            "order": { "lines": [
              { "name": "Bolt", "price": 2.5, "qty": 4, "inStock": true },
              { "name": "Nut", "price": 0.105, "qty": 10, "inStock": true },
              { "name": "Gone", "price": 99, "qty": 1, "inStock": false } ] },
            "body": { "tool_input": { "city": "Oslo \"sentrum\"" } }
          },
          "Variables": { "Severity": "HIGH", "Tags": ["a", "b", "a"], "Key": "user:pass" }
        }
        """;

    [Fact]
    public void Examples_render()
    {
        var examples = Examples();

        Assert.Equal(3, examples.Count);
        Assert.Equal("1. Nut: 1.05 kr\n2. Bolt: 10.0 kr\nTotal 2.605, due 14 March 2026.\n", Templates.Render(examples[0], Data));
        Assert.Equal("#ops-urgent\n", Templates.Render(examples[1], Data));
        Assert.Equal("{\"city\": \"Oslo \\\"sentrum\\\"\", \"tags\": [\"a\",\"b\"], \"auth\": \"dXNlcjpwYXNz\"}\n", Templates.Render(examples[2], Data));
    }

    private static List<string> Examples()
    {
        var file = Path.Combine(Templates.RepositoryRoot(), "src", "Automation.Expressions", "Liquid", "README.md");
        var parts = File.ReadAllText(file).Split("```liquid\n");
        return [.. parts.Skip(1).Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)])];
    }
}
