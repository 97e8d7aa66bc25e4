using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

/// <summary>What people write themselves: a class with attributes.</summary>
public sealed class CustomActivityTests
{
    [Activity("Acme.Greet", Category = "Acme", Description = "Greets somebody.")]
    [Outcome("Known")]
    [Outcome("Stranger")]
    public sealed class Greet : Activity
    {
        [Input(Description = "Whom to greet.")]
        public Input<string> Name { get; } = new();

        [Input(DefaultValue = 1)]
        public Input<int> Times { get; } = new();

        [Output]
        public Output<string> Greeting { get; } = new();

        protected internal override void Execute(ActivityContext context)
        {
            var name = Name.Get(context);
            Greeting.Set(context, string.Join(' ', Enumerable.Repeat($"Hello {name ?? "stranger"}", Times.Get(context))));
            context.Complete(name is null ? "Stranger" : "Known");
        }
    }

    [Activity("Acme.Translate", Category = "Acme", Kind = ActivityKind.Task)]
    public sealed class Translate : Activity
    {
        [Input]
        public Input<string> Text { get; } = new();

        [Output]
        public Output<string> Translation { get; } = new();

        protected internal override void Execute(ActivityContext context) => context.RunInBackground();
    }

    [Fact]
    public void A_class_with_attributes_is_an_activity()
    {
        var host = new InMemoryHost();
        host.Catalog.Add<Greet>();
        host.Publish("""
            {"definitionId":"d","name":"d","variables":[{"id":"g","name":"G","typeName":"String"}],
             "root":{"id":"f","type":"Elsa.Flowchart","activities":[
              {"id":"greet","type":"Acme.Greet","version":1,"name":"Greet","name2":0,"times":2,"greeting":{"typeName":"String","memoryReference":{"id":"g"}}},
              {"id":"w","type":"Elsa.WriteLine","text":{"typeName":"String","expression":{"type":"Variable","value":{"id":"g"}}}},
              {"id":"other","type":"Elsa.WriteLine","text":"other"}],
             "connections":[{"source":{"activity":"greet","port":"Known"},"target":{"activity":"w"}},{"source":{"activity":"greet","port":"Stranger"},"target":{"activity":"other"}}]}}
            """);

        var instance = host.Start("d")!;

        Assert.Equal(["Hello Greet Hello Greet"], instance.Lines);
        var descriptor = host.Catalog.Find("Acme.Greet")!;
        Assert.Equal(["Name", "Times"], descriptor.Inputs.Select(i => i.Name));
        Assert.Equal(["Known", "Stranger"], descriptor.Ports.Select(p => p.Name));
    }

    [Fact]
    public void A_background_activity_gets_its_outputs_from_its_executor()
    {
        var host = new InMemoryHost
        {
            Execute = o => new OperationResult { Outputs = new Dictionary<string, object?> { ["Translation"] = $"{o.Inputs["Text"]}!" } },
        };
        host.Catalog.Add<Translate>();
        host.Publish("""
            {"definitionId":"d","name":"d","variables":[{"id":"t","name":"T","typeName":"String"}],
             "root":{"id":"s","type":"Elsa.Sequence","activities":[
              {"id":"x","type":"Acme.Translate","version":1,"text":"hola","translation":{"typeName":"String","memoryReference":{"id":"t"}}},
              {"id":"w","type":"Elsa.WriteLine","text":{"typeName":"String","expression":{"type":"Variable","value":{"id":"t"}}}}]}}
            """);
        Assert.Equal(["hola!"], host.Start("d")!.Lines);
    }

    [Fact]
    public void A_failing_executor_leaves_an_incident()
    {
        var host = new InMemoryHost();
        host.Catalog.Add<Translate>();
        host.Publish("""{"definitionId":"d","name":"d","root":{"id":"x","type":"Acme.Translate","version":1,"text":"hola"}}""");
        var instance = host.Start("d")!;
        Assert.Equal(WorkflowSubStatus.Faulted, instance.State.SubStatus);
        Assert.Equal("x", Assert.Single(instance.State.Incidents).ActivityId);
    }

    [Fact]
    public void A_workflow_that_is_used_as_an_activity_keeps_its_variables_apart()
    {
        var host = new InMemoryHost();
        host.Publish("""
            {"definitionId":"child","name":"Child Flow","options":{"usableAsActivity":true},"outputs":[{"name":"Out","type":"String"}],"inputs":[{"name":"Who","type":"String"}],
             "variables":[{"id":"v","name":"X","typeName":"String","value":"child"}],
             "root":{"id":"s","type":"Elsa.Sequence","activities":[
              {"id":"w","type":"Elsa.WriteLine","text":{"typeName":"String","expression":{"type":"Liquid","value":"{{ Input.Who }} {{ Variables.X }}"}}},
              {"id":"set","type":"Elsa.SetVariable","variable":{"id":"v"},"value":{"typeName":"Object","expression":{"type":"Literal","value":"changed"}}},
              {"id":"o","type":"Elsa.SetOutput","outputName":"Out","outputValue":{"typeName":"Object","expression":{"type":"Variable","value":{"id":"v"}}}}]}}
            """);
        host.Publish("""
            {"definitionId":"d","name":"d","variables":[{"id":"v","name":"X","typeName":"String","value":"host"},{"id":"r","name":"R","typeName":"String"}],
             "root":{"id":"s","type":"Elsa.Sequence","activities":[
              {"id":"c","type":"ChildFlow","version":1,"who":"Zoe","out":{"typeName":"String","memoryReference":{"id":"r"}}},
              {"id":"w","type":"Elsa.WriteLine","text":{"typeName":"String","expression":{"type":"Liquid","value":"{{ Variables.X }} {{ Variables.R }}"}}}]}}
            """);
        Assert.Equal(["Zoe child", "host changed"], host.Start("d")!.Lines);
    }

    [Fact]
    public void A_missing_required_input_is_a_clear_start_error()
    {
        var host = new InMemoryHost();
        var workflow = host.Publish("""{"definitionId":"d","name":"d","inputs":[{"name":"Order","type":"Object","isRequired":true}],"root":null}""");
        var e = Assert.Throws<WorkflowInputException>(() => host.Engine.Create(workflow));
        Assert.Contains("'Order'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_loop_asks_for_commits_so_that_memory_stays_bounded()
    {
        var host = new InMemoryHost(options: new WorkflowEngineOptions { MaxJournalEntriesPerCommit = 1000 });
        var workflow = host.Publish("""
            {"definitionId":"d","name":"d","root":{"id":"l","type":"Elsa.For","version":1,"end":99999,"body":{"id":"n","type":"Elsa.SetName","version":1,"value":"x"}}}
            """);
        var state = host.Engine.Create(workflow);
        Stimulus stimulus = new Stimulus.Start();
        var entries = 0;
        while (true)
        {
            var result = host.Engine.Run(workflow, state, stimulus);
            Assert.InRange(result.Journal.Count, 1, 1010);
            entries += result.Journal.Count;
            if (result.End != BurstEnd.CommitPoint)
                break;
            stimulus = new Stimulus.Continue();
        }

        Assert.Equal(2 * 100_000 + 4, entries);
        Assert.Equal(WorkflowStatus.Finished, state.Status);
    }

    [Fact]
    public void An_instance_of_a_later_format_is_refused()
    {
        var host = new InMemoryHost();
        var workflow = host.Publish("""{"definitionId":"d","name":"d","root":null}""");
        Assert.Throws<InstanceStateException>(() => InstanceState.Deserialize("""{"v":99}"""u8.ToArray(), workflow));
        Assert.Throws<InstanceStateException>(() => InstanceState.Deserialize("{"u8.ToArray(), workflow));
    }

    [Fact]
    public void Stimulus_hashes_do_not_depend_on_members_that_are_null()
    {
        Assert.Equal(StimulusHash.Event("go"), StimulusHash.Compute(StimulusNames.Event, new Dictionary<string, object?> { ["eventName"] = "go", ["other"] = null }));
        Assert.Equal(StimulusHash.Http("/Orders/{id}/", "POST"), StimulusHash.Http("orders/{ID}", "post"));
        Assert.NotEqual(StimulusHash.Event("go"), StimulusHash.Event("Go"));
    }
}
