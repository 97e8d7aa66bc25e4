using System.Text.Json.Nodes;
using Automation.Testing;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine;

/// <summary>Whatever the flow, storing the instance after every activity changes nothing.</summary>
public sealed class RandomFlowTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 120)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_random_flow_leaves_the_same_journal_whether_it_is_stored_after_every_activity_or_not(int seed)
    {
        var definition = new RandomFlow(seed).Make();

        var whole = Play(definition.Clone(), restart: false, commitAlways: false);
        var stored = Play(definition, restart: true, commitAlways: true);

        Assert.Equal(whole.State.SubStatus, stored.State.SubStatus);
        Assert.Equal(whole.Lines, stored.Lines);
        Assert.Equal(whole.JournalLines, stored.JournalLines);
        Assert.Equal(
            whole.Records.Values.Select(r => $"{r.Ordinal} {r.Activity.Id} {r.Status} {JsonValues.ToText(r.State)}"),
            stored.Records.Values.Select(r => $"{r.Ordinal} {r.Activity.Id} {r.Status} {JsonValues.ToText(r.State)}"));
    }

    private static HostedInstance Play(WorkflowDefinition definition, bool restart, bool commitAlways)
    {
        if (commitAlways)
            definition.Json["options"] = new JsonObject { ["commitStrategyName"] = "ActivityExecuted" };
        var clock = new ManualClock();
        var host = new InMemoryHost(clock) { Restart = restart, Execute = LocalHttp.Run };
        host.Publish(definition);
        var instance = host.Start(definition.DefinitionId!)!;
        for (var round = 0; round < 200 && instance.State.Bookmarks.Count > 0; round++)
        {
            var next = instance.State.Bookmarks.OrderBy(b => b.ActivityOrdinal).First();
            if (next.DueAt is not null)
            {
                clock.Advance(TimeSpan.FromMinutes(1));
                host.RunDue();
            }
            else
            {
                host.Resume(instance, next.Id, $"payload {round}");
            }
        }

        return instance;
    }

    /// <summary>Builds nested blocks: series, decisions, forks with joins, loops, conditions, waits and calls.</summary>
    internal sealed class RandomFlow(int seed)
    {
        private readonly Random _random = new(seed);
        private int _number;

        public WorkflowDefinition Make() => new(new JsonObject
        {
            ["definitionId"] = $"random{seed}",
            ["name"] = $"random{seed}",
            ["customProperties"] = _random.Next(3) == 0 ? new JsonObject { ["Flowchart:ExecutionMode"] = "TokenBased" } : [],
            ["root"] = Flowchart(3),
        });

        private string Id(string kind) => $"{kind}{++_number}";

        private JsonObject Flowchart(int depth)
        {
            var activities = new JsonArray();
            var connections = new JsonArray();
            var first = Leaf();
            activities.Add(first);
            Block(activities, connections, (string)first["id"]!, depth);
            return new JsonObject { ["id"] = Id("flow"), ["type"] = "Elsa.Flowchart", ["version"] = 1, ["activities"] = activities, ["connections"] = connections };
        }

        /// <summary>Adds a block after a node and gives the node at its end.</summary>
        private string Block(JsonArray activities, JsonArray connections, string after, int depth)
        {
            var end = after;
            for (var n = _random.Next(1, 4); n > 0; n--)
            {
                end = (depth > 0 ? _random.Next(5) : 0) switch
                {
                    1 => Decision(activities, connections, end, depth - 1),
                    2 => Fork(activities, connections, end, depth - 1),
                    3 => Step(activities, connections, end, Composite(depth - 1)),
                    _ => Step(activities, connections, end, Leaf()),
                };
            }

            return end;
        }

        private static string Step(JsonArray activities, JsonArray connections, string after, JsonObject activity)
        {
            activities.Add(activity);
            Connect(connections, after, "Done", (string)activity["id"]!);
            return (string)activity["id"]!;
        }

        private string Decision(JsonArray activities, JsonArray connections, string after, int depth)
        {
            var decision = Id("dec");
            activities.Add(Activity(decision, "FlowDecision", ("condition", Literal(_random.Next(2) == 0 ? "true" : "false", "Boolean"))));
            Connect(connections, after, "Done", decision);
            var merge = Line();
            activities.Add(merge);
            foreach (var port in (string[])["True", "False"])
            {
                var branch = Leaf();
                activities.Add(branch);
                Connect(connections, decision, port, (string)branch["id"]!);
                Connect(connections, Block(activities, connections, (string)branch["id"]!, depth), "Done", (string)merge["id"]!);
            }

            return (string)merge["id"]!;
        }

        private string Fork(JsonArray activities, JsonArray connections, string after, int depth)
        {
            var fork = Id("fork");
            var branches = Enumerable.Range(0, _random.Next(2, 4)).Select(i => $"B{i}").ToArray();
            activities.Add(Activity(fork, "FlowFork", ("branches", Wrapped("String[]", "Object", $"[{string.Join(',', branches.Select(b => $"\"{b}\""))}]"))));
            Connect(connections, after, "Done", fork);
            var join = _random.Next(2) == 0
                ? Line()
                : Activity(Id("join"), "FlowJoin", ("mode", Literal(((string[])["WaitAll", "WaitAllActive", "WaitAny"])[_random.Next(3)], "FlowJoinMode")));
            activities.Add(join);
            foreach (var port in branches)
            {
                var branch = Leaf();
                activities.Add(branch);
                Connect(connections, fork, port, (string)branch["id"]!);
                Connect(connections, Block(activities, connections, (string)branch["id"]!, depth), "Done", (string)join["id"]!);
            }

            return (string)join["id"]!;
        }

        private JsonObject Composite(int depth) => _random.Next(7) switch
        {
            0 => Activity(Id("seq"), "Sequence", ("activities", new JsonArray(Leaf(), Inner(depth), Leaf()))),
            1 => Activity(Id("if"), "If", ("condition", Literal(_random.Next(2) == 0 ? "true" : "false", "Boolean")), ("then", Inner(depth)), ("else", Inner(depth))),
            2 => Activity(Id("for"), "For", ("end", Literal(_random.Next(3), "Int32")), ("body", Inner(depth))),
            3 => Activity(Id("each"), "ForEach", ("items", Wrapped("Object[]", "Object", "[1,\"two\",null]")), ("body", Inner(depth))),
            4 => Activity(Id("par"), "Parallel", ("activities", new JsonArray(Inner(depth), Inner(depth)))),
            5 => Activity(Id("peach"), "ParallelForEach", ("items", Wrapped("Object[]", "Object", "[1,2]")), ("body", Inner(depth))),
            _ => Activity(Id("fk"), "Fork", ("joinMode", _random.Next(2) == 0 ? "WaitAny" : "WaitAll"), ("branches", new JsonArray(Inner(depth), Inner(depth)))),
        };

        private JsonObject Inner(int depth) => depth <= 0 ? Leaf() : _random.Next(3) == 0 ? Flowchart(depth - 1) : Composite(depth - 1);

        private JsonObject Leaf() => _random.Next(6) switch
        {
            0 => Activity(Id("ev"), "Event", ("eventName", Literal($"e{_number}"))),
            1 => Activity(Id("delay"), "Delay", ("timeSpan", Literal("00:00:10", "TimeSpan"))),
            2 => Activity(Id("call"), "FlowSendHttpRequest", ("url", Literal(LocalHttp.Base + "/json", "Uri"))),
            _ => Line(),
        };

        private JsonObject Line() => Activity(Id("w"), "WriteLine", ("text", Wrapped("String", "Liquid", $"{_number} {{{{ Variables.CurrentValue }}}}")));

        private static void Connect(JsonArray connections, string from, string port, string to) => connections.Add(new JsonObject
        {
            ["source"] = new JsonObject { ["activity"] = from, ["port"] = port },
            ["target"] = new JsonObject { ["activity"] = to, ["port"] = "In" },
        });

        private static JsonObject Activity(string id, string type, params ReadOnlySpan<(string Name, JsonNode Value)> members)
        {
            var json = new JsonObject { ["id"] = id, ["type"] = "Elsa." + type, ["version"] = 1 };
            foreach (var (name, value) in members)
                json[name] = value;
            return json;
        }

        private static JsonObject Literal(JsonNode value, string type = "String") => new()
        {
            ["typeName"] = type,
            ["expression"] = new JsonObject { ["type"] = "Literal", ["value"] = value },
        };

        private static JsonObject Wrapped(string type, string kind, string value) => new()
        {
            ["typeName"] = type,
            ["expression"] = new JsonObject { ["type"] = kind, ["value"] = value },
        };
    }
}
