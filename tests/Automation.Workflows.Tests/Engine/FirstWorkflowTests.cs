using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

public sealed class FirstWorkflowTests
{
    private const string DecisionAndEvent = """
        {"definitionId":"d","name":"d","unknownMember":{"kept":true},
         "variables":[{"id":"v1","name":"X","typeName":"Int32","value":"1","storageDriverTypeName":"Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core"}],
         "root":{"id":"Flowchart1","type":"Elsa.Flowchart","version":1,"activities":[
           {"id":"set","type":"Elsa.SetVariable","version":1,"variable":{"id":"v1","name":"X"},"value":{"typeName":"Object","expression":{"type":"Literal","value":"42"}}},
           {"id":"dec","type":"Elsa.FlowDecision","version":1,"condition":{"typeName":"Boolean","expression":{"type":"Literal","value":"True"}}},
           {"id":"yes","type":"Elsa.WriteLine","version":1,"text":{"typeName":"String","expression":{"type":"Variable","value":{"id":"v1"}}}},
           {"id":"ev","type":"Elsa.Event","version":1,"eventName":{"typeName":"String","expression":{"type":"Literal","value":"go"}}},
           {"id":"end","type":"Elsa.WriteLine","version":1,"text":"bye"}],
          "connections":[
           {"source":{"activity":"set","port":"Done"},"target":{"activity":"dec","port":"In"}},
           {"source":{"activity":"dec","port":"True"},"target":{"activity":"yes","port":"In"}},
           {"source":{"activity":"yes"},"target":{"activity":"ev"}},
           {"source":"ev","target":"end","sourcePort":"Done","targetPort":"In"}]}}
        """;

    [Fact]
    public void A_flowchart_decides_waits_for_an_event_and_finishes()
    {
        var host = new InMemoryHost { Restart = true };
        host.Publish(DecisionAndEvent);

        var instance = host.Start("d")!;
        Assert.Equal(WorkflowSubStatus.Suspended, instance.State.SubStatus);
        Assert.InRange(instance.State.Serialize().Length, 1, 1200);

        host.PublishEvent("go");

        Assert.Equal(WorkflowSubStatus.Finished, instance.State.SubStatus);
        Assert.Equal(["42", "bye"], instance.Lines);
        Assert.Equal(
            ["Workflow1:Started", "Flowchart1:Started", "set:Started", "set:Completed", "dec:Started", "dec:Completed", "yes:Started", "yes:Completed",
             "ev:Started", "ev:Suspended", "ev:Resumed", "ev:Completed", "end:Started", "end:Completed", "Flowchart1:Completed", "Workflow1:Completed"],
            instance.JournalLines);
    }

    [Fact]
    public void Unknown_members_are_written_back()
    {
        var definition = WorkflowDefinition.Parse(DecisionAndEvent);
        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(System.Text.Json.Nodes.JsonNode.Parse(DecisionAndEvent), System.Text.Json.Nodes.JsonNode.Parse(definition.ToJson())));
    }
}
