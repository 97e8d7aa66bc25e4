using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Automation.Testing;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Tests.Engine.Support;

namespace Automation.Workflows.Tests.Engine.Conformance;

/// <summary>Replays a recorded case against the engine and compares what it left behind.</summary>
internal sealed partial class CaseRunner
{
    private const string Prefix = "Zk2";

    private static readonly Dictionary<string, HashSet<string>> Volatile = new(StringComparer.Ordinal)
    {
        ["Elsa.HttpEndpoint"] = ["Headers", "Result", "Files", "File"],
        ["Elsa.SendHttpRequest"] = ["ResponseHeaders", "Result"],
        ["Elsa.FlowSendHttpRequest"] = ["ResponseHeaders", "Result"],
        ["Elsa.DownloadHttpFile"] = ["ResponseHeaders", "ResponseContentHeaders", "Response", "Result", "ResponseContentStream"],
    };

    private static readonly HashSet<string> RepeatsDefinition = new(StringComparer.Ordinal) { "Variable", "Cases", "ExpectedStatusCodes" };

    // What we do better by default is switched off, so that the recorded outcome can be compared to the letter.
    private static readonly WorkflowEngineOptions AsElsa = new() { KeepInputs = false, JournalCancellation = false, ShortStrategyNames = false };

    private readonly JsonObject _case;
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 21, 10, 0, 0, TimeSpan.Zero));
    private readonly InMemoryHost _host;
    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _labels = new(StringComparer.Ordinal);
    private readonly HashSet<string> _usedTasks = new(StringComparer.Ordinal);

    public CaseRunner(JsonObject json, bool restart)
    {
        _case = json;
        _host = new InMemoryHost(_clock, AsElsa) { Restart = restart, Execute = LocalHttp.Run };
    }

    /// <summary>The differences from what was recorded; empty if there are none. Each accepted alternative counts.</summary>
    public List<string> Run()
    {
        foreach (var definition in _case["definitions"]!.AsArray())
            _host.Publish(WorkflowDefinition.Parse(Fill(definition!.ToJsonString())));
        var steps = new JsonArray();
        foreach (var step in _case["steps"]!.AsArray())
            steps.Add(Do(JsonNode.Parse(Fill(step!.ToJsonString()))!.AsObject()));
        var expected = (JsonNode[])[_case["expect"]!, .. (_case["alternatives"] as JsonArray ?? []).Select(a => a!)];
        List<string>? best = null;
        foreach (var wanted in expected)
        {
            var differences = new List<string>();
            CompareSteps(wanted["steps"]!.AsArray(), steps, differences);
            var instances = wanted["instances"]!.AsObject();
            foreach (var (definition, list) in instances)
                Compare(list, Observe(Fill(definition)), definition, differences, "");
            if (best is null || differences.Count < best.Count)
                best = differences;
        }

        return best!;
    }

    // ---- steps

    private JsonObject? Do(JsonObject step)
    {
        var body = step["body"] as JsonObject ?? [];
        switch ((string)step["do"]!)
        {
            case "execute" or "dispatch":
                return Execute(step, body);
            case "event":
                _host.PublishEvent(
                    (string)step["name"]!, Plain(body["input"]) ?? new Dictionary<string, object?>(), (string?)body["correlationId"], Named((string?)body["workflowInstanceId"]));
                return null;
            case "task":
                CompleteTask(step, body);
                return null;
            case "cancel":
                _host.Send(Instance((string)step["instance"]!), new Stimulus.Cancel());
                return null;
            case "sleep":
                Advance(TimeSpan.FromMilliseconds((double)step["ms"]!), () => false);
                return null;
            case "wait":
                Advance(TimeSpan.FromSeconds(10), () => Holds(step));
                return null;
            case "find":
                var found = _host.Instances.Where(i => i.Workflow.DefinitionId == (string)step["definition"]!).Skip((int?)step["index"] ?? 0).First();
                Name((string)step["as"]!, found.Id);
                return null;
            default:
                throw new InvalidOperationException($"Unknown step {step["do"]}.");
        }
    }

    private JsonObject Execute(JsonObject step, JsonObject body)
    {
        var instance = _host.Start(
            (string)step["definition"]!,
            new NewInstance
            {
                CorrelationId = (string?)body["correlationId"],
                Name = (string?)body["name"],
                Input = Plain(body["input"]) as Dictionary<string, object?>,
            },
            new Stimulus.Start((string?)body["triggerActivityId"])
            {
                Variables = Plain(body["variables"]) as Dictionary<string, object?>,
                OnlyActivity = (string?)body["activityHandle"]?["activityId"],
            });
        if (instance is null)
            return new JsonObject { ["cannotStart"] = true };
        Name((string?)step["as"] ?? $"i{_names.Count + 1}", instance.Id);
        return new JsonObject
        {
            ["instanceHeader"] = true,
            ["workflowStatus"] = instance.FirstIdle?.Status.ToString(),
            ["workflowSubStatus"] = instance.FirstIdle?.SubStatus.ToString(),
        };
    }

    private void CompleteTask(JsonObject step, JsonObject body)
    {
        var instance = Instance((string)step["instance"]!);
        var bookmark = instance.State.Bookmarks.First(b =>
            b.Name == StimulusNames.RunTask
            && !_usedTasks.Contains(TaskId(b))
            && (step["activity"] is null || (string)step["activity"]! == b.ActivityId));
        _usedTasks.Add(TaskId(bookmark));
        _host.CompleteTask(TaskId(bookmark), Plain(body["result"]));
    }

    private static string TaskId(Bookmark bookmark) => (string)((IReadOnlyDictionary<string, object?>)bookmark.Payload!)["taskId"]!;

    private bool Holds(JsonObject step)
    {
        var instances = step["definition"] is { } definition
            ? _host.Instances.Where(i => i.Workflow.DefinitionId == (string)definition!).ToList()
            : _host.Instances.Where(i => i.Id == Named((string?)step["instance"] ?? "i1")).ToList();
        return instances.Count >= ((int?)step["count"] ?? 1)
            && instances.All(i => (step["status"] is null || (string)step["status"]! == i.State.Status.ToString())
                && (step["subStatus"] is null || (string)step["subStatus"]! == i.State.SubStatus.ToString())
                && (step["bookmarks"] is null || (int)step["bookmarks"]! == i.State.Bookmarks.Count));
    }

    private void Advance(TimeSpan limit, Func<bool> until)
    {
        for (var passed = TimeSpan.Zero; passed < limit && !until(); passed += TimeSpan.FromMilliseconds(50))
        {
            _clock.Advance(TimeSpan.FromMilliseconds(50));
            _host.RunDue();
        }
    }

    // ---- observation

    private JsonArray Observe(string definitionId)
    {
        var list = new JsonArray();
        foreach (var instance in _host.Instances.Where(i => i.Workflow.DefinitionId == definitionId).OrderBy(i => i.State.CreatedAt))
            list.Add(Observe(instance));
        return IsSet ? new JsonArray([.. list.OrderBy(Canonical, StringComparer.Ordinal).Select(i => i!.DeepClone())]) : list;
    }

    private bool IsSet => (string?)_case["order"] == "set";

    private JsonObject Observe(HostedInstance instance)
    {
        var state = instance.State;
        var result = new JsonObject
        {
            ["status"] = state.Status.ToString(),
            ["subStatus"] = state.SubStatus.ToString(),
            ["name"] = Normal(JsonValue.Create(state.Name)),
            ["correlationId"] = Normal(JsonValue.Create(state.CorrelationId)),
            ["version"] = state.DefinitionVersion,
            ["hasParent"] = state.ParentInstanceId is not null ? true : null,
            ["incidents"] = new JsonArray([.. state.Incidents.Select(i => (JsonNode)new JsonObject
            {
                ["activity"] = i.ActivityId,
                ["type"] = i.ActivityType,
                ["message"] = i.ActivityType == "Elsa.Fault" ? Normal(JsonValue.Create(i.Message)) : null,
            })]),
            ["output"] = Normal(Json(state.Output)),
            ["bookmarks"] = new JsonArray([.. state.Bookmarks.Select(b => $"{b.ActivityId}:{b.Name}").Order(StringComparer.Ordinal).Select(t => (JsonNode)t)]),
            ["variables"] = Normal(Json(state.GetVariables(instance.Workflow).GroupBy(v => v.Name).ToDictionary(g => g.Key, g => g.Last().Value))),
        };
        var journal = instance.JournalLines.ToList();
        if (IsSet)
            journal.Sort(StringComparer.Ordinal);
        result["journal"] = new JsonArray([.. journal.Select(l => (JsonNode)l)]);
        var executions = new JsonObject();
        foreach (var record in instance.Records.Values)
        {
            var hidden = Volatile.GetValueOrDefault(record.Activity.Type) ?? [];
            var entry = new JsonObject { ["status"] = record.Status.ToString() };
            var inputs = record.State.Where(p => !RepeatsDefinition.Contains(p.Key)).ToDictionary(p => p.Key, p => p.Value);
            var outputs = record.Outputs.Where(p => !hidden.Contains(p.Key)).ToDictionary(p => p.Key, p => p.Value);
            AddUnlessEmpty(entry, "state", Normal(Json(inputs)));
            AddUnlessEmpty(entry, "outputs", Normal(Json(outputs)));
            if (record.AggregateFaultCount > 0)
                entry["faults"] = record.AggregateFaultCount;
            if (executions[record.Activity.Id] is not JsonArray list)
                executions[record.Activity.Id] = list = [];
            list.Add(entry);
        }

        if (IsSet)
        {
            foreach (var (id, list) in executions.ToArray())
                executions[id] = new JsonArray([.. list!.AsArray().OrderBy(Canonical, StringComparer.Ordinal).Select(i => i!.DeepClone())]);
        }

        result["executions"] = executions;
        return result;
    }

    private static void AddUnlessEmpty(JsonObject target, string name, JsonNode? value)
    {
        if (WithoutNulls(value) is JsonObject { Count: > 0 } o)
            target[name] = o;
    }

    // ---- comparison, as the recording runner does it

    private static void CompareSteps(JsonArray expected, JsonArray actual, List<string> differences)
    {
        for (var i = 0; i < expected.Count; i++)
        {
            foreach (var name in (string[])["cannotStart", "workflowStatus", "workflowSubStatus"])
            {
                if (expected[i]?[name] is { } wanted && !JsonNode.DeepEquals(wanted, actual[i]?[name]))
                    differences.Add($"steps[{i}].{name}: expected {wanted}, got {actual[i]?[name]?.ToJsonString() ?? "nothing"}");
            }
        }
    }

    private static void Compare(JsonNode? expected, JsonNode? actual, string path, List<string> differences, string key)
    {
        switch (expected)
        {
            case JsonObject e:
                if (actual is not JsonObject a)
                {
                    differences.Add($"{path}: expected an object, got {actual?.ToJsonString() ?? "nothing"}");
                    return;
                }

                foreach (var (name, value) in e)
                {
                    if (!name.StartsWith('~') && value is not null)
                        Compare(value, a[name], $"{path}.{name}", differences, name);
                }

                if (key is "executions" or "variables" or "output")
                {
                    foreach (var (name, value) in a)
                    {
                        if (value is not null && e[name] is null)
                            differences.Add($"{path}.{name}: unexpected {value.ToJsonString()}");
                    }
                }

                break;
            case JsonArray e:
                if (actual is not JsonArray list)
                {
                    differences.Add($"{path}: expected a list, got {actual?.ToJsonString() ?? "nothing"}");
                    return;
                }

                if (key == "journal" || e.Count != list.Count)
                {
                    var (wanted, got) = (string.Join(' ', e.Select(Short)), string.Join(' ', list.Select(Short)));
                    if (!string.Equals(wanted, got, StringComparison.Ordinal))
                        differences.Add($"{path}:\n   expected {wanted}\n   got      {got}");
                    if (key == "journal")
                        return;
                }

                for (var i = 0; i < Math.Min(e.Count, list.Count); i++)
                    Compare(e[i], list[i], $"{path}[{i}]", differences, "");
                break;
            case JsonValue e:
                if (!AreEqual(e, actual))
                    differences.Add($"{path}: expected {e.ToJsonString()}, got {actual?.ToJsonString() ?? "nothing"}");
                break;
        }
    }

    private static string Short(JsonNode? node) => node is JsonValue v && v.TryGetValue(out string? s)
        ? s.Replace(":Started", "+", StringComparison.Ordinal).Replace(":Completed", "-", StringComparison.Ordinal)
        : node?.ToJsonString() ?? "null";

    private static bool AreEqual(JsonValue expected, JsonNode? actual)
    {
        if (actual is not JsonValue value)
            return false;
        if (expected.GetValueKind() == JsonValueKind.Number && value.GetValueKind() == JsonValueKind.Number)
            return expected.ToJsonString() == value.ToJsonString() || expected.GetValue<double>() == value.GetValue<double>();
        return JsonNode.DeepEquals(expected, value);
    }

    private static string Canonical(JsonNode? node) => node switch
    {
        JsonObject o => "{" + string.Join(',', o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"\"{p.Key}\": {Canonical(p.Value)}")) + "}",
        JsonArray a => "[" + string.Join(", ", a.Select(Canonical)) + "]",
        null => "null",
        _ => node.ToJsonString(),
    };

    // ---- texts

    private static string Fill(string text) =>
        text.Replace("@@HTTP", LocalHttp.Base, StringComparison.Ordinal).Replace("@@REFUSED", LocalHttp.Refused, StringComparison.Ordinal).Replace("@@", Prefix, StringComparison.Ordinal);

    private void Name(string label, string id)
    {
        _names[label] = id;
        _labels.TryAdd(id, label);
    }

    private string? Named(string? label) => label is null ? null : _names.GetValueOrDefault(label.TrimStart('@').Trim('{', '}')) ?? label;

    private HostedInstance Instance(string label) => _host.Instances.First(i => i.Id == Named(label));

    private JsonNode? Normal(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject([.. o.Select(p => KeyValuePair.Create(Normal(p.Key), Normal(p.Value)))]),
        JsonArray a => new JsonArray([.. a.Select(Normal)]),
        JsonValue v when v.TryGetValue(out string? s) => JsonValue.Create(Normal(s)),
        null => null,
        _ => node.DeepClone(),
    };

    private string Normal(string text)
    {
        text = text.Replace(LocalHttp.Base, "@@HTTP", StringComparison.Ordinal).Replace(LocalHttp.Refused, "@@REFUSED", StringComparison.Ordinal);
        text = Regex.Replace(text, Prefix, "@@", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(1));
        foreach (var (id, label) in _labels)
            text = text.Replace(id, $"<{label}>", StringComparison.Ordinal);
        return Ids().Replace(text, "<id>");
    }

    [GeneratedRegex(@"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b", RegexOptions.None, 1000)]
    private static partial Regex Ids();

    private static JsonNode? Json(object? value) => JsonNode.Parse(Encoding.UTF8.GetString(JsonValues.ToUtf8(value)));

    private static object? Plain(JsonNode? node) => JsonValues.FromNode(node);

    private static JsonNode? WithoutNulls(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject([.. o.Where(p => p.Value is not null).Select(p => KeyValuePair.Create(p.Key, WithoutNulls(p.Value)))]),
        JsonArray a => new JsonArray([.. a.Select(i => WithoutNulls(i))]),
        null => null,
        _ => node.DeepClone(),
    };
}
