using System.Text.Json.Nodes;

namespace Automation.Studio.Tests.Support;

/// <summary>Small definitions.</summary>
internal static class Some
{
    /// <summary>Writes one line.</summary>
    public static JsonObject Workflow(string id, string text = "hello", string syntax = "Literal") => JsonNode.Parse($$"""
        {
          "definitionId": "{{id}}", "name": "{{id}}",
          "root": { "id": "Flowchart1", "type": "Elsa.Flowchart", "version": 1, "activities": [
            { "id": "say", "name": "Say", "type": "Elsa.WriteLine", "version": 1,
              "text": { "typeName": "String", "expression": { "type": "{{syntax}}", "value": "{{text}}" } } } ] }
        }
        """)!.AsObject();

    /// <summary>Waits for an event of its own name.</summary>
    public static JsonObject Waiting(string id) => JsonNode.Parse($$"""
        {
          "definitionId": "{{id}}", "name": "{{id}}",
          "variables": [ { "id": "v1", "name": "Payload", "typeName": "Object", "storageDriverTypeName": "Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core" } ],
          "root": { "id": "Sequence1", "type": "Elsa.Sequence", "version": 1, "activities": [
            { "id": "wait", "name": "Wait", "type": "Elsa.Event", "version": 1,
              "eventName": { "typeName": "String", "expression": { "type": "Literal", "value": "{{id}}" } },
              "result": { "typeName": "Object", "memoryReference": { "id": "v1" } } } ] }
        }
        """)!.AsObject();
}
