using System.Text.Json.Nodes;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>Definitions that were recorded running, but not themselves: what their runs show.</summary>
internal static class CapturedDefinitions
{
    public static IEnumerable<JsonObject> All =>
    [
        Sequence("liquid", [Variable("v1", "Who", "bob")], Activity("w", "WriteLine", ("text", Input("Liquid", "Hi {{ Variables.Who | upcase }} ")))),
        Sequence(
            "executeworkflow", [Variable("v1", "Res", null)],
            Activity(
                "ew", "ExecuteWorkflow", ("workflowDefinitionId", Text("s-inputs-outputs")), ("input", Input("JavaScript", "({Name:'child'})")),
                ("result", new JsonObject { ["typeName"] = "Object", ["memoryReference"] = new JsonObject { ["id"] = "v1" } })),
            Activity("w", "WriteLine", ("text", Input("JavaScript", "'child said '+JSON.stringify(getRes())")))),
        Flowchart(
            "fault", ["a:Done->f"], Activity("a", "WriteLine", ("text", Text("a"))),
            Activity("f", "Fault", ("code", Text("E42")), ("category", Text("Business")), ("faultType", Text("System")), ("message", Text("it broke")))),
        Flowchart(
            "flowfork-join-any", ["fork:A->wa", "fork:B->db", "wa:Done->join", "db:Done->join", "join:Done->after"],
            Activity("fork", "FlowFork", ("branches", Input("Object", """["A", "B"]"""))), Activity("wa", "WriteLine", ("text", Text("branch A"))),
            Activity("db", "Delay", ("timeSpan", Text("00:00:03"))), Activity("join", "FlowJoin", ("mode", Text("WaitAny"))),
            Activity("after", "WriteLine", ("text", Text("joined")))),
        Sequence("http-hello", [], Endpoint("hello", "GET"), Answer("Hello World!")),
        Sequence("http-secure", [], Endpoint("secure", "GET", authorize: true), Answer("secret")),
        Sequence("http-fault", [], Endpoint("fault", "GET"), Activity("f", "Fault", ("message", Text("it broke")))),
        Sequence("http-noresponse", [], Endpoint("noresponse", "GET"), Activity("w", "WriteLine", ("text", Text("no response")))),
        Sequence("http-async", [], Endpoint("async", "POST"), Activity("d", "Delay", ("timeSpan", Text("00:00:03")))),
    ];

    private static JsonObject Sequence(string name, JsonObject[] variables, params JsonObject[] activities) => Definition(name, variables, new JsonObject
    {
        ["id"] = "Sequence1", ["nodeId"] = "Workflow1:Sequence1", ["type"] = "Elsa.Sequence", ["version"] = 1, ["activities"] = new JsonArray([.. activities]),
    });

    private static JsonObject Flowchart(string name, string[] connections, params JsonObject[] activities) => Definition(name, [], new JsonObject
    {
        ["id"] = "Flowchart1", ["nodeId"] = "Workflow1:Flowchart1", ["name"] = "Flowchart1", ["type"] = "Elsa.Flowchart", ["version"] = 1,
        ["activities"] = new JsonArray([.. activities]),
        ["connections"] = new JsonArray([.. connections.Select(c => c.Split(':', '-', '>')).Select(c => new JsonObject
        {
            ["source"] = new JsonObject { ["activity"] = c[0], ["port"] = c[1] }, ["target"] = new JsonObject { ["activity"] = c[^1], ["port"] = "In" },
        })]),
    });

    private static JsonObject Definition(string name, JsonObject[] variables, JsonObject root) =>
        new() { ["definitionId"] = "s-" + name, ["name"] = name, ["description"] = "sample " + name, ["variables"] = new JsonArray([.. variables]), ["root"] = root };

    private static JsonObject Variable(string id, string name, string? value) => new()
    {
        ["id"] = id, ["name"] = name, ["typeName"] = "Object", ["isArray"] = false, ["value"] = value,
        ["storageDriverTypeName"] = "Elsa.Workflows.WorkflowInstanceStorageDriver, Elsa.Workflows.Core",
    };

    private static JsonObject Endpoint(string path, string method, bool authorize = false) => Activity(
        "ep", "HttpEndpoint", ("path", Text(path)), ("supportedMethods", Input("Object", $"[\"{method}\"]")), ("authorize", Input("Literal", authorize)),
        ("customProperties", new JsonObject { ["canStartWorkflow"] = true }));

    private static JsonObject Answer(string text) => Activity("r", "WriteHttpResponse", ("content", Text(text)));

    private static JsonObject Activity(string id, string type, params (string Name, JsonNode Value)[] members)
    {
        var activity = new JsonObject { ["id"] = id, ["name"] = char.ToUpperInvariant(id[0]) + id[1..], ["type"] = "Elsa." + type, ["version"] = 1 };
        foreach (var (name, value) in members)
            activity[name] = value;
        return activity;
    }

    private static JsonObject Text(string value) => Input("Literal", value);

    private static JsonObject Input(string syntax, JsonNode value) =>
        new() { ["typeName"] = "Object", ["expression"] = new JsonObject { ["type"] = syntax, ["value"] = value } };
}
