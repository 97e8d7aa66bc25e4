using System.Text.Json;
using Automation.Testing;
using Automation.Workflows.Execution;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

/// <summary>What a genuine Elsa server does and nobody would expect: there by default, gone with the setting.</summary>
public sealed class ElsaQuirksTests
{
    [Theory]
    [InlineData("JavaScript", "'Straße'.toUpperCase()", "STRAßE", "STRASSE")]
    [InlineData("Liquid", "{{ '<é>' | escape }}", "&amp;lt;&amp;#233;&amp;gt;", "&lt;é&gt;")]
    [InlineData("Liquid", "{{ 'a<b' | json | raw }}", "\"a\\u003Cb\"", "\"a<b\"")]
    [InlineData("Liquid", "{{ 7.0 | divided_by: 2 }}", "3", "3.5")]
    [InlineData("Liquid", "{{ 7 | divided_by: 2.0 }}", "3.5", "3.5")]
    [InlineData("Liquid", "{{ Variables.Json.n.x }}", "", "y")]
    [InlineData("Liquid", "{{ Variables.Json | json | raw }} {{ Variables.Json | keys }} {{ Variables.Json.size }}", "{\"n\":{\"x\":\"y\"}} n ", "{\"n\":{\"x\":\"y\"}} n 1")]
    [InlineData("Liquid", "{% for member in Variables.Json %}{{ member[0] }}{% endfor %}", "n", "n")]
    [InlineData("Liquid", "{{ Variables.Object.n.x }}", "y", "y")]
    public void An_expression_gives_what_it_gives_in_Elsa_unless_that_is_switched_off(string language, string source, string quirk, string standard)
    {
        Assert.Equal(quirk, Evaluate(new WorkflowEngineOptions()));
        Assert.Equal(standard, Evaluate(new WorkflowEngineOptions { ElsaQuirks = false }));

        object? Evaluate(WorkflowEngineOptions options)
        {
            var host = new InMemoryHost(new ManualClock(DateTimeOffset.UnixEpoch), options);
            host.Publish($$"""
                {"definitionId":"d","variables":[
                  {"id":"j","name":"Json","typeName":"JSON","value":"{\"n\":{\"x\":\"y\"} }"},
                  {"id":"o","name":"Object","typeName":"ObjectDictionary","value":"{\"n\":{\"x\":\"y\"} }"}],
                 "root":{"id":"w","type":"Elsa.WriteLine","version":1,
                   "text":{"typeName":"String","expression":{"type":"{{language}}","value":{{JsonSerializer.Serialize(source)}} } } } }
                """);
            return host.Start("d")!.Records.Values.Single(r => r.Activity.Id == "w").State["Text"];
        }
    }

    [Theory]
    [InlineData(true, "w:Started,w:Suspended,w:Resumed,w:Suspended")]
    [InlineData(false, "w:Started,w:Suspended,w:Started,w:Suspended")]
    public void An_activity_that_starts_while_another_round_of_it_waits_is_journaled_as_in_Elsa(bool quirks, string expected)
    {
        var host = new InMemoryHost(new ManualClock(DateTimeOffset.UnixEpoch), new WorkflowEngineOptions { ElsaQuirks = quirks });
        host.Publish("""
            {"definitionId":"d","root":{"id":"p","type":"Elsa.ParallelForEach","version":1,
              "items":{"typeName":"Object","expression":{"type":"Object","value":"[1,2]"}},
              "body":{"id":"w","type":"Elsa.Event","version":1,"eventName":{"typeName":"String","expression":{"type":"Literal","value":"go"}}}}}
            """);

        var instance = host.Start("d")!;

        Assert.Equal(expected, string.Join(',', instance.JournalLines.Where(l => l.StartsWith("w:", StringComparison.Ordinal))));
        host.PublishEvent("go", null, null, null);
        Assert.Equal(WorkflowSubStatus.Finished, instance.State.SubStatus);
    }
}
