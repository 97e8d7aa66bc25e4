using System.Text.Json.Nodes;
using Automation.Intake.Sessions;

namespace Automation.Intake.Tests.Sessions;

/// <summary>What definitions say of the events that their instances may come to wait for.</summary>
public sealed class WaitPointTests
{
    [Theory]
    [InlineData("""{"type":"Automation.WaitForEvent","source":"ai-flow","eventType":"user_*"}""", "ai-flow", "user_speak", true)]
    [InlineData("""{"type":"Automation.WaitForEvent","source":"ai-flow","eventType":"user_*"}""", "ai-flow", "session_end", false)]
    [InlineData("""{"type":"Automation.WaitForEvent","source":"ai-flow","eventType":"user_*"}""", "flyflow", "user_speak", false)]
    [InlineData("""{"type":"Automation.WaitForEvent","source":{"expression":{"type":"Literal","value":"ai-flow"}}}""", "ai-flow", "anything", true)]
    [InlineData("""{"type":"Automation.WaitForEvent","source":{"expression":{"type":"Literal","value":"ai-flow"}}}""", "flyflow", "anything", false)]
    // What is computed may be anything.
    [InlineData("""{"type":"Automation.WaitForEvent","source":{"expression":{"type":"JavaScript","value":"x"}},"eventType":"a"}""", "any", "a", true)]
    [InlineData("""{"type":"Automation.WaitForEvent"}""", "any", "thing", true)]
    [InlineData("""{"type":"Automation.EventReceived","source":"flyflow","eventType":"call_ended","customProperties":{"canStartWorkflow":true}}""", "flyflow", "call_ended", true)]
    [InlineData("""{"type":"Automation.Event:flyflow:call_ended"}""", "flyflow", "call_ended", true)]
    [InlineData("""{"type":"Automation.Event:flyflow:call_ended"}""", "flyflow", "call_started", false)]
    [InlineData("""{"type":"Elsa.WriteLine","eventType":"a"}""", "any", "a", false)]
    public void An_event_may_be_awaited_by_key_where_an_activity_names_it(string activity, string source, string type, bool awaited)
    {
        // However deep it is, and beside whatever else.
        var definition = JsonNode.Parse($$$"""{"root":{"type":"Elsa.Flowchart","activities":[{"type":"Elsa.While","body":{"type":"Elsa.Sequence","activities":[{"type":"Elsa.Start"},{{{activity}}}]}}]}}""");

        var points = WaitPoints.In(definition).ToList();

        Assert.All(points, p => Assert.False(p.IsByName));
        Assert.Equal(awaited, points.Exists(p => p.Names(source, type)));
    }

    [Fact]
    public void Elsas_Event_waits_by_the_name_of_the_type_whatever_the_source()
    {
        var point = Assert.Single(WaitPoints.In(JsonNode.Parse("""[{"type":"Elsa.Event","eventName":{"typeName":"String","expression":{"type":"Literal","value":"order.paid"}}}]""")));

        Assert.True(point.IsByName);
        Assert.True(point.Names("shop", "order.paid"));
        Assert.False(point.Names("shop", "order.created"));
    }
}
