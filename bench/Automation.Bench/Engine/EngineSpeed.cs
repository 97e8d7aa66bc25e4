using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Bench.Engine;

/// <summary>What the engine alone does in one thread, without database, jobs and HTTP.</summary>
internal static class EngineSpeed
{
    /// <summary>Measures everything and adds it to the figures.</summary>
    public static void AddTo(Figures figures, double scale)
    {
        Console.Error.WriteLine("… engine");
        var (first, best) = Compile(5_000);
        figures.Add("compile 5,000 activities, first", first, "ms");
        figures.Add("compile 5,000 activities, best of 6", best, "ms");
        var round = TimeSpan.FromSeconds(Math.Max(0.2, scale));
        foreach (var (name, scripts) in new[] { ("constants", false), ("JavaScript", true) })
        {
            var (perSecond, bytes) = Run(ThreeActivities(scripts), input: null, rounds: 8, round);
            figures.Add($"3 activities in memory, {name}", perSecond, "1/s core");
            figures.Add($"allocated for each, {name}", bytes, "B");
        }

        var (iterations, peak) = Loop((int)Math.Max(10_000, 1_000_000 * scale));
        figures.Add("iterations of a loop", iterations, "1/s");
        figures.Add("most memory in use by the loop", peak, "MiB");
    }

    /// <summary>
    /// Runs of a workflow for each second of processor time, and bytes allocated for each run: the best of several rounds.
    /// Processor time (of the whole process, garbage collector included) and not the clock's, because others use the machine too.
    /// </summary>
    /// <param name="definition">The workflow.</param>
    /// <param name="input">Its inputs; null for none.</param>
    /// <param name="rounds">How many rounds.</param>
    /// <param name="length">How long a round lasts.</param>
    public static (double PerSecond, double BytesEach) Run(JsonObject definition, IReadOnlyDictionary<string, object?>? input, int rounds, TimeSpan length)
    {
        var graph = new WorkflowCompiler(new ActivityCatalog()).Compile(new WorkflowDefinition(definition));
        var engine = new WorkflowEngine(TimeProvider.System);
        var fresh = new NewInstance { Id = "bench", Input = input };
        var start = new Stimulus.Start();
        var best = 0.0;
        var bytes = 0.0;
        for (var round = 0; round <= rounds; round++)
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var used = Environment.CpuUsage.TotalTime;
            var began = Stopwatch.GetTimestamp();
            var runs = 0;
            while (Stopwatch.GetElapsedTime(began) < length)
            {
                for (var i = 0; i < 200; i++)
                {
                    var state = engine.Create(graph, fresh);
                    engine.Run(graph, state, start);
                    if (state.SubStatus != WorkflowSubStatus.Finished)
                        throw new InvalidOperationException($"The workflow ended as {state.SubStatus}.");
                }

                runs += 200;
            }

            var perSecond = runs / (Environment.CpuUsage.TotalTime - used).TotalSeconds;
            // The first round is for the compiler of the runtime.
            if (round == 0)
                continue;
            best = Math.Max(best, perSecond);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)runs;
        }

        return (best, bytes);
    }

    /// <summary>Processor time that compiling a chain of activities takes: the first time in this process, and the best of several.</summary>
    public static (double FirstMilliseconds, double BestMilliseconds) Compile(int activities)
    {
        var definition = new WorkflowDefinition(Chain(activities));
        var first = 0.0;
        var best = double.MaxValue;
        for (var i = 0; i < 6; i++)
        {
            var used = Environment.CpuUsage.TotalTime;
            new WorkflowCompiler(new ActivityCatalog()).Compile(definition);
            var took = (Environment.CpuUsage.TotalTime - used).TotalMilliseconds;
            if (i == 0)
                first = took;
            best = Math.Min(best, took);
        }

        return (first, best);
    }

    /// <summary>A loop of many iterations: how many a second, and the most memory that was in use on the way.</summary>
    public static (double PerSecond, double PeakMegabytes) Loop(int iterations)
    {
        var body = Activity("w", "Elsa.SetVariable", ("variable", new JsonObject { ["id"] = "v", ["name"] = "X" }), ("value", Script("Object", "variables.CurrentValue")));
        var definition = new JsonObject
        {
            ["definitionId"] = "loop",
            ["variables"] = new JsonArray(new JsonObject { ["id"] = "v", ["name"] = "X", ["typeName"] = "Object" }),
            ["root"] = Activity("for", "Elsa.For", ("start", Literal("Int32", 1)), ("end", Literal("Int32", iterations)), ("body", body)),
        };
        var graph = new WorkflowCompiler(new ActivityCatalog()).Compile(new WorkflowDefinition(definition));
        var engine = new WorkflowEngine(TimeProvider.System);
        var state = engine.Create(graph);
        var peak = 0L;
        var began = Stopwatch.GetTimestamp();
        Stimulus stimulus = new Stimulus.Start();
        while (true)
        {
            var result = engine.Run(graph, state, stimulus);
            // What a burst has done is committed and let go of before the next begins.
            peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
            if (result.End != BurstEnd.CommitPoint)
                break;
            stimulus = new Stimulus.Continue();
        }

        if (state.SubStatus != WorkflowSubStatus.Finished)
            throw new InvalidOperationException($"The loop ended as {state.SubStatus}.");
        return (iterations / Stopwatch.GetElapsedTime(began).TotalSeconds, peak / 1048576.0);
    }

    /// <summary>Three activities in a flowchart: a value into a variable, a decision, a line.</summary>
    /// <param name="scripts">Whether value and decision are JavaScript; else constants.</param>
    public static JsonObject ThreeActivities(bool scripts)
    {
        var activities = new JsonArray(
            Activity("set", "Elsa.SetVariable", ("variable", new JsonObject { ["id"] = "v", ["name"] = "Seconds" }), ("value", scripts ? Script("Object", "getSeconds() + 1") : Literal("Object", 1))),
            Activity("decide", "Elsa.FlowDecision", ("condition", scripts ? Script("Boolean", "variables.Seconds > 0") : Literal("Boolean", true))),
            Activity("line", "Elsa.WriteLine", ("text", Literal("String", "done"))));
        return new JsonObject
        {
            ["definitionId"] = "three",
            ["variables"] = new JsonArray(new JsonObject { ["id"] = "v", ["name"] = "Seconds", ["typeName"] = "Int32", ["value"] = "0", ["storageDriverTypeName"] = "WorkflowInstanceStorageDriver" }),
            ["root"] = Activity("chart", "Elsa.Flowchart", ("activities", activities), ("connections", new JsonArray(Connection("set", "Done", "decide"), Connection("decide", "True", "line")))),
        };
    }

    private static JsonObject Chain(int count)
    {
        var activities = new JsonArray();
        var connections = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            var number = i.ToString(CultureInfo.InvariantCulture);
            // A few scripts among them, all different.
            activities.Add((JsonNode)Activity($"a{number}", "Elsa.WriteLine", ("text", i % 10 == 0 ? Script("String", $"'line ' + ({number} + 1)") : Literal("String", $"line {number}"))));
            if (i > 0)
                connections.Add((JsonNode)Connection($"a{(i - 1).ToString(CultureInfo.InvariantCulture)}", "Done", $"a{number}"));
        }

        return new JsonObject { ["definitionId"] = "chain", ["root"] = Activity("chart", "Elsa.Flowchart", ("activities", activities), ("connections", connections)) };
    }

    private static JsonObject Activity(string id, string type, params ReadOnlySpan<(string Name, JsonNode Value)> members)
    {
        var json = new JsonObject { ["id"] = id, ["type"] = type, ["version"] = 1 };
        foreach (var (name, value) in members)
            json[name] = value;
        return json;
    }

    private static JsonObject Literal(string type, JsonNode value) => Expression(type, "Literal", value);

    private static JsonObject Script(string type, string source) => Expression(type, "JavaScript", source);

    private static JsonObject Expression(string type, string kind, JsonNode value) =>
        new() { ["typeName"] = type, ["expression"] = new JsonObject { ["type"] = kind, ["value"] = value } };

    private static JsonObject Connection(string from, string port, string to) => new()
    {
        ["source"] = new JsonObject { ["activity"] = from, ["port"] = port },
        ["target"] = new JsonObject { ["activity"] = to, ["port"] = "In" },
    };
}
