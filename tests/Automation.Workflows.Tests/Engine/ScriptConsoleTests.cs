using System.Text.Json;
using Automation.Workflows.Execution;
using Automation.Workflows.Journal;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

public sealed class ScriptConsoleTests
{
    private static HostedInstance Run(string script)
    {
        var host = new InMemoryHost();
        host.Publish($$"""
            {"definitionId":"d","name":"d","root":{"id":"run","type":"Elsa.RunJavaScript","version":1,
             "script":{"typeName":"String","expression":{"type":"Literal","value":{{JsonSerializer.Serialize(script)}} } } } }
            """);
        return host.Start("d")!;
    }

    [Fact]
    public void What_a_script_writes_to_its_console_stands_in_the_journal_of_its_activity()
    {
        var instance = Run("console.log('order', { id: 7 }, [1, null]); console.warn('late'); return 1");

        var lines = instance.Journal.Where(e => e.Event == JournalEvents.Console).ToList();
        Assert.Equal(["""order {"id":7} [1,null]""", "warn: late"], lines.Select(e => e.Message));
        Assert.All(lines, e => Assert.Equal("run", e.Activity.Id));
        Assert.Equal(WorkflowSubStatus.Finished, instance.State.SubStatus);
    }

    [Fact]
    public void A_console_is_kept_short()
    {
        var instance = Run("for (let i = 0; i < 500; i++) console.log('x'.repeat(5000))");

        var lines = instance.Journal.Where(e => e.Event == JournalEvents.Console).ToList();
        Assert.Equal(101, lines.Count);
        Assert.All(lines, e => Assert.InRange(e.Message!.Length, 1, 2001));
        Assert.Equal(WorkflowSubStatus.Finished, instance.State.SubStatus);
    }

    [Fact]
    public void What_was_written_before_a_script_failed_is_kept()
    {
        var instance = Run("console.log('before'); throw new Error('boom')");

        Assert.Contains(instance.Journal, e => e.Event == JournalEvents.Console && e.Message == "before");
        Assert.Equal(WorkflowSubStatus.Faulted, instance.State.SubStatus);
    }
}
