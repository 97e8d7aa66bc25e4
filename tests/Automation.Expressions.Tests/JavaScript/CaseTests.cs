using System.Text.Json;
using Automation.Expressions.JavaScript;

namespace Automation.Expressions.Tests.JavaScript;

public sealed class CaseTests
{
    private static readonly JavaScriptCompiler Compiler = new(ExpressionLimits.Default, TimeProvider.System, TimeZoneInfo.Utc);

    private static readonly List<Case> All = [.. CaseFile.ReadAll()];

    public static TheoryData<string> Names() => [.. All.Select(c => c.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public void Gives_what_the_language_says(string name)
    {
        var found = All.Single(c => c.ToString() == name);
        if (found.IsError)
        {
            var error = Assert.Throws<ExpressionException>(() => Compiler.Compile(found.Source).Evaluate(cancellationToken: TestContext.Current.CancellationToken));
            var expected = found.Expected.Split(' ', 2);
            Assert.Equal(expected[0], error.Kind.ToString());
            Assert.Contains(expected.Length > 1 ? expected[1] : "", error.Message, StringComparison.Ordinal);
            return;
        }

        var value = Compiler.Compile(found.Source).Evaluate(cancellationToken: TestContext.Current.CancellationToken);
        var result = ScriptJson.ToElement(value);
        using var expectedJson = JsonDocument.Parse(found.Expected);
        Assert.True(JsonElement.DeepEquals(expectedJson.RootElement, result), $"{found.Source}\nexpected {found.Expected}\ngave {result.GetRawText()}");
    }

    [Fact]
    public void There_are_at_least_five_hundred_cases() => Assert.True(All.Count >= 500, $"{All.Count} cases");
}
