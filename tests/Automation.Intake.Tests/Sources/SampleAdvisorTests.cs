using Automation.Intake.Sources;

namespace Automation.Intake.Tests.Sources;

public sealed class SampleAdvisorTests
{
    [Theory]
    [InlineData("flyflow", "{event_type}", "{call_id}", "{call_id}|{event_type}|{timestamp}", "{timestamp}")]
    [InlineData("ai-flow", "{type}", "{session.id}", "{body|sha256}", null)]
    [InlineData("conversation-messages", "{data.type}", "{conversation_id}", "{data.id}", "{timestamp}")]
    [InlineData("flow-sessions", "{event}", "{session_id}", "{id}", "{created}")]
    [InlineData("stripe", "{type}", null, "{id}", "{created}")]
    [InlineData("slack", "{type}", null, "{event_id}", "{event_time}")]
    [InlineData("github", "{action}", "{issue.id}", "{header:X-GitHub-Delivery}", null)]
    [InlineData("shopify", "{header:X-Shopify-Topic}", null, "{header:X-Shopify-Webhook-Id}", null)]
    public void Known_senders_are_described_much_as_their_presets_do(string preset, string type, string? correlation, string dedupe, string? time)
    {
        var sample = PresetCatalog.Load().All[preset].Samples[^1];
        var body = preset == "github" ? """{"action":"opened","issue":{"id":1,"number":2}}""" : sample.Body.GetRawText();

        var advice = SampleAdvisor.Propose(body, sample.Headers);

        Assert.Equal(type, advice.Type.FirstOrDefault()?.Template);
        Assert.Equal(correlation, advice.Correlation.FirstOrDefault()?.Template);
        Assert.Equal(dedupe, advice.DedupeKey[0].Template);
        Assert.Equal(time, advice.Time.FirstOrDefault()?.Template);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("42")]
    [InlineData("""{"a.b":{"id":"x"},"type":{"type":7},"timestamp":"soon","event":"has spaces in it"}""")]
    public void Where_nothing_looks_like_it_nothing_is_proposed(string body)
    {
        var advice = SampleAdvisor.Propose(body);

        Assert.Empty(advice.Type);
        Assert.Empty(advice.Correlation);
        Assert.Empty(advice.Time);
        Assert.Equal("{body|sha256}", Assert.Single(advice.DedupeKey).Template);
    }
}
