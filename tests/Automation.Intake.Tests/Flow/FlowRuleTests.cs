using System.Text;
using Automation.Intake.Flow;
using Automation.Intake.Mapping;

namespace Automation.Intake.Tests.Flow;

public sealed class FlowRuleTests
{
    [Theory]
    [InlineData("""{ }""", "\"flow\" limits nothing; set concurrency, singleton, throttle, rateLimit, debounce or batch.")]
    [InlineData("""{ "key": "{data.key" , "singleton": "skip" }""", "\"flow.key\": \"{data.key\" has an opening brace that is never closed.")]
    [InlineData("""{ "singleton": "wait" }""", "\"flow.singleton\" is \"wait\"; allowed: queue, skip, replace.")]
    [InlineData("""{ "singleton": "skip", "concurrency": { "limit": 2 } }""", "\"flow.singleton\" stands for a \"concurrency\" of 1; only one of them can be set.")]
    [InlineData("""{ "concurrency": { "limit": 0 } }""", "\"flow.concurrency.limit\" is 0; allowed is 1 to 1000.")]
    [InlineData("""{ "throttle": { "limit": 5, "period": "soon" } }""", "\"flow.throttle.period\" is \"soon\"; a duration such as 500ms, 10s, 5m, 1h or 00:00:10 is wanted.")]
    [InlineData("""{ "rateLimit": { "limit": 5, "period": "2d" } }""", "\"flow.rateLimit.period\" is \"2d\"; allowed is 100ms to 1d.")]
    [InlineData("""{ "debounce": { "period": "10s", "timeout": "5s" } }""", "\"flow.debounce.timeout\" is \"5s\"; allowed is 10s to 1d.")]
    [InlineData("""{ "batch": { "size": 5000, "timeout": "5s" } }""", "\"flow.batch.size\" is 5000; allowed is 2 to 1000.")]
    [InlineData("""{ "batch": { "size": 5, "timeout": "5s" }, "debounce": { "period": "1s" } }""", "\"flow.debounce\" and \"flow.batch\" exclude each other: the one keeps only the last event, the other all.")]
    [InlineData("""{ "batch": { "size": 5, "timeout": "5s" }, "singleton": "skip" }""", "\"flow.batch\" and \"flow.debounce\" hold events back, so with them \"concurrency\" and \"singleton\" can only queue.")]
    public void A_rule_that_cannot_be_says_what_is_wrong_and_what_is_allowed(string flow, string message)
    {
        var error = Assert.Throws<MappingFileException>(() => Read(FlowServer.Rule(flow)));

        Assert.Equal($"mappings.json(1): Rule \"flow\": {message}", error.Message);
    }

    [Fact]
    public void A_rule_with_flow_control_has_a_name_of_its_own()
    {
        var error = Assert.Throws<MappingFileException>(() => Read("""{ "rules": [ { "workflow": "w", "flow": { "singleton": "skip" } } ] }"""));

        Assert.Equal("mappings.json(1): A rule with \"flow\" needs an \"id\": what waits is kept under it.", error.Message);
    }

    [Theory]
    [InlineData("500ms", 0.5)]
    [InlineData("10s", 10)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("00:00:10", 10)]
    public void Durations_are_written_as_people_do(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), FlowDuration.Parse("x", text, TimeSpan.Zero));

    private static IReadOnlyList<CompiledRule> Read(string json) => MappingFile.Read("mappings.json", Encoding.UTF8.GetBytes(json), RuleScripts.Create(TimeProvider.System));
}
