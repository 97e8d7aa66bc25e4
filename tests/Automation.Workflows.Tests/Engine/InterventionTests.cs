using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

/// <summary>What people do to instances from outside.</summary>
public sealed class InterventionTests
{
    private const string Waiting = """
        {"definitionId":"d","id":"v1","version":1,"name":"d","variables":[{"id":"v","name":"X","typeName":"String","value":"old","storageDriverTypeName":"WorkflowInstanceStorageDriver"}],
         "root":{"id":"f","type":"Elsa.Flowchart","activities":[
          {"id":"a","type":"Elsa.WriteLine","text":"a"},{"id":"e1","type":"Elsa.Event","eventName":"e1"},{"id":"e2","type":"Elsa.Event","eventName":"e2"},
          {"id":"z","type":"Elsa.WriteLine","text":{"typeName":"String","expression":{"type":"Variable","value":{"id":"v"}}}}],
         "connections":[{"source":{"activity":"a"},"target":{"activity":"e1"}},{"source":{"activity":"a"},"target":{"activity":"e2"}},
          {"source":{"activity":"e1"},"target":{"activity":"z"}},{"source":{"activity":"e2"},"target":{"activity":"z"}}]}}
        """;

    [Fact]
    public void An_instance_moves_to_a_version_that_has_the_activities_where_it_stands()
    {
        var host = new InMemoryHost();
        host.Publish(Waiting);
        var instance = host.Start("d")!;
        host.PublishEvent("e1");

        // The new version has more activities in front and another order, and a further step at the end.
        var next = WorkflowDefinition.Parse(Waiting
            .Replace("""{"id":"a","type":"Elsa.WriteLine","text":"a"},{"id":"e1","type":"Elsa.Event","eventName":"e1"},""", """{"id":"n","type":"Elsa.WriteLine","text":"new"},{"id":"e1","type":"Elsa.Event","eventName":"e1"},{"id":"a","type":"Elsa.WriteLine","text":"a"},""", StringComparison.Ordinal)
            .Replace(""" "connections":[""", """ "connections":[{"source":{"activity":"z"},"target":{"activity":"n"}},""", StringComparison.Ordinal));
        next.Id = "v2";
        next.Version = 2;
        var target = host.Compiler.Compile(next);

        Assert.Empty(instance.State.FindMisfits(target));
        var moved = instance.State.MoveTo(target);
        Assert.Equal("v2", moved.DefinitionVersionId);
        var result = host.Engine.Run(target, moved, new Stimulus.Resume(moved.Bookmarks.Single().Id));

        Assert.Equal(WorkflowSubStatus.Finished, moved.SubStatus);
        Assert.Equal(["old", "new"], result.Effects.OfType<ConsoleLine>().Select(l => l.Text));
    }

    [Fact]
    public void Moving_tells_what_does_not_fit()
    {
        var host = new InMemoryHost();
        host.Publish(Waiting);
        var instance = host.Start("d")!;
        var target = host.Compiler.Compile(WorkflowDefinition.Parse(
            """{"definitionId":"d","id":"v2","version":2,"root":{"id":"f","type":"Elsa.Flowchart","activities":[{"id":"e1","type":"Elsa.Delay"}]}}"""));

        var misfits = instance.State.FindMisfits(target);

        Assert.Contains(misfits, m => m.Contains("e2", StringComparison.Ordinal));
        Assert.Contains(misfits, m => m.Contains("Elsa.Delay", StringComparison.Ordinal));
        Assert.Contains(misfits, m => m.Contains("'X'", StringComparison.Ordinal));
        Assert.Throws<InstanceStateException>(() => instance.State.MoveTo(target));
    }

    [Fact]
    public void One_activity_can_be_tried_out_alone_with_the_defaults_of_the_variables_around_it()
    {
        var host = new InMemoryHost();
        host.Publish(Waiting);

        var instance = host.Start("d", start: new Stimulus.Start { OnlyActivity = "z" })!;
        var other = host.Start("d", start: new Stimulus.Start { OnlyActivity = "z", Variables = new Dictionary<string, object?> { ["X"] = "given" } })!;

        Assert.Equal(["old"], instance.Lines);
        Assert.Equal(["given"], other.Lines);
        Assert.Equal(["z:Started", "z:Completed"], instance.JournalLines);
        Assert.Equal(WorkflowSubStatus.Finished, instance.State.SubStatus);
    }

    [Fact]
    public void A_bookmark_resumes_once()
    {
        var host = new InMemoryHost();
        host.Publish(Waiting);
        var instance = host.Start("d")!;
        var bookmark = instance.State.Bookmarks[0].Id;
        Assert.True(host.Resume(instance, bookmark));
        Assert.False(host.Resume(instance, bookmark));
    }

    [Fact]
    public void A_scheduled_activity_runs_again_inside_the_container_that_runs()
    {
        var host = new InMemoryHost();
        host.Publish(Waiting);
        var instance = host.Start("d")!;
        host.Send(instance, new Stimulus.ScheduleActivity("z"));
        Assert.Equal(["a", "old"], instance.Lines);
        Assert.Equal(WorkflowSubStatus.Suspended, instance.State.SubStatus);
    }

    [Fact]
    public void Cancelling_can_be_journaled()
    {
        var host = new InMemoryHost(options: new WorkflowEngineOptions { JournalCancellation = true });
        host.Publish(Waiting);
        var instance = host.Start("d")!;
        host.Send(instance, new Stimulus.Cancel("no longer wanted"));
        Assert.Equal(
            ["Workflow1:Workflow cancelled", "Workflow1:Canceled", "f:Canceled", "e1:Canceled", "e2:Canceled"],
            instance.JournalLines.Skip(instance.Journal.Count - 5));
        Assert.Equal(WorkflowSubStatus.Cancelled, instance.State.SubStatus);
        Assert.Empty(instance.State.Bookmarks);
    }

    [Fact]
    public void Cancelling_a_parent_cancels_the_child_it_waits_for()
    {
        var host = new InMemoryHost();
        host.Publish("""{"definitionId":"child","name":"child","root":{"id":"e","type":"Elsa.Event","eventName":"never"}}""");
        host.Publish("""{"definitionId":"d","name":"d","root":{"id":"x","type":"Elsa.DispatchWorkflow","workflowDefinitionId":"child","waitForCompletion":true}}""");
        var parent = host.Start("d")!;
        host.Send(parent, new Stimulus.Cancel());
        Assert.All(host.Instances, i => Assert.Equal(WorkflowSubStatus.Cancelled, i.State.SubStatus));
    }

    [Fact]
    public void A_cancelled_child_lets_its_parent_go_on()
    {
        var host = new InMemoryHost();
        host.Publish("""{"definitionId":"child","name":"child","root":{"id":"e","type":"Elsa.Event","eventName":"never"}}""");
        host.Publish("""{"definitionId":"d","name":"d","root":{"id":"x","type":"Elsa.ExecuteWorkflow","workflowDefinitionId":"child","waitForCompletion":true}}""");
        var parent = host.Start("d")!;
        Assert.Equal(WorkflowSubStatus.Suspended, parent.State.SubStatus);
        host.Send(host.Instances[1], new Stimulus.Cancel());
        Assert.Equal(WorkflowSubStatus.Finished, parent.State.SubStatus);
    }
}
