using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>Reads what <see cref="InstanceStateWriter"/> has written, for the same version of the definition or another.</summary>
internal static class InstanceStateReader
{
    public static InstanceState Read(ReadOnlyMemory<byte> json, CompiledWorkflow workflow)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
            return Read(document.RootElement, workflow);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InstanceStateException($"The stored state of the instance cannot be read: {e.Message}", e);
        }
    }

    private static InstanceState Read(JsonElement j, CompiledWorkflow workflow)
    {
        var format = j.GetProperty("v").GetInt32();
        if (format > InstanceStateWriter.Format)
            throw new InstanceStateException($"The stored state has format {format}; this version reads up to {InstanceStateWriter.Format}.");
        // Times of the first form are whole ones.
        var origin = format == 1 ? 0 : j.GetProperty("at").GetInt64();
        var s = new InstanceState(
            j.GetProperty("id").GetString()!, workflow.DefinitionId, workflow.VersionId, workflow.Version, Time(j.GetProperty("at").GetInt64()))
        {
            CorrelationId = Text(j, "corr"),
            EventId = Text(j, "ev"),
            Name = Text(j, "name"),
            ParentInstanceId = Text(j, "parent"),
            Status = (WorkflowStatus)j.GetProperty("st").GetInt32(),
            SubStatus = (WorkflowSubStatus)j.GetProperty("sub").GetInt32(),
            UpdatedAt = Time(origin + j.GetProperty("upd").GetInt64()),
            FinishedAt = j.TryGetProperty("fin", out var fin) ? Time(origin + fin.GetInt64()) : null,
            RespondUntil = j.TryGetProperty("resp", out var respond) ? Time(origin + respond.GetInt64()) : null,
            JournalLength = j.GetProperty("seq").GetInt64(),
            LastOrdinal = j.GetProperty("ord").GetInt64(),
            LastBookmark = Number(j, "bm"),
            IsFaulting = Flag(j, "faulting"),
            IsFinishing = Flag(j, "finishing"),
            IsCanceled = Flag(j, "canceled"),
            InputsDropped = Flag(j, "noInput"),
            HasGivenVariables = Flag(j, "given"),
            WasTriggered = Flag(j, "hit"),
            TriggerActivityId = Text(j, "trig"),
            TriggerPayloadIsFresh = Flag(j, "fresh"),
            TriggerPayload = Value(j, "trigData"),
            LastResult = Value(j, "last"),
        };
        Fill(s.Input, j, "in");
        Fill(s.Output, j, "out");
        Fill(s.Properties, j, "props");
        var contexts = new Dictionary<long, ActivityContext>();
        foreach (var item in Items(j, "ctx"))
        {
            var context = ReadContext(item, s, workflow, contexts, origin);
            contexts.Add(context.Ordinal, context);
            s.AddContext(context);
        }

        foreach (var item in Items(j, "marks"))
        {
            var bookmark = ReadBookmark(item, s, contexts, origin);
            s.BookmarkList.Add(bookmark);
            if (!bookmark.IsTimeout && contexts.TryGetValue(bookmark.ActivityOrdinal, out var context))
                context.BookmarkCount++;
        }

        foreach (var item in Items(j, "work"))
        {
            var owner = item.TryGetProperty("p", out var p) ? contexts.GetValueOrDefault(p.GetInt64()) : null;
            var running = item.TryGetProperty("o", out var o) ? contexts.GetValueOrDefault(o.GetInt64()) : null;
            if (running is null && owner is not null)
                owner.ActiveChildren++;
            s.Work.Enqueue(new WorkItem
            {
                Node = Node(workflow, item),
                Owner = owner,
                Tag = Text(item, "t"),
                Locals = ReadLocals(item),
                Context = running,
                Bookmark = item.TryGetProperty("b", out var b) ? ReadBookmark(b, s, contexts, origin) : null,
                Payload = Value(item, "d"),
            });
        }

        foreach (var item in Items(j, "inc"))
        {
            s.IncidentList.Add(new Incident(
                item.GetProperty("a").GetString()!, item.GetProperty("n").GetString()!, item.GetProperty("k").GetString()!, Number(item, "o"),
                item.GetProperty("m").GetString()!, ReadException(item, "ex"), Time(origin + item.GetProperty("at").GetInt64())));
        }

        foreach (var item in Items(j, "ops"))
        {
            if (!contexts.TryGetValue(Number(item, "o"), out var context))
                continue;
            var mark = Text(item, "mark");
            s.RestoreOperation(new PendingOperation(item.GetProperty("id").GetString()!, context, Flag(item, "inline"))
            {
                Bookmark = mark is null ? null : s.BookmarkList.Find(b => string.Equals(b.Id, mark, StringComparison.Ordinal)),
                ChildInstanceId = Text(item, "child"),
                EventId = Cause(item, s.EventId),
            });
        }

        var last = s.LastResult;
        foreach (var item in Items(j, "reg"))
        {
            if (workflow.ByNodeId.TryGetValue(item[0].GetString()!, out var node))
                ReadOutputs(item[1], node, (slot, value) => s.RegisterOutput(node, slot, value));
        }

        s.LastResult = last;
        return s;
    }

    private static ActivityContext ReadContext(JsonElement j, InstanceState s, CompiledWorkflow workflow, Dictionary<long, ActivityContext> contexts, long origin)
    {
        var parent = j.TryGetProperty("p", out var p) ? contexts.GetValueOrDefault(p.GetInt64()) : null;
        var node = Node(workflow, j, parent);
        var c = new ActivityContext(s, node, parent, j.GetProperty("o").GetInt64())
        {
            Tag = Text(j, "t"),
            StartedAt = Time(origin + j.GetProperty("s").GetInt64()),
            CompletedAt = j.TryGetProperty("e", out var e) ? Time(origin + e.GetInt64()) : null,
            Status = j.TryGetProperty("st", out var st) ? (ActivityStatus)st.GetInt32() : ActivityStatus.Running,
            FaultCount = (int)Number(j, "f"),
            Counter = Number(j, "c"),
            IsBreaking = Flag(j, "br"),
            IsTrigger = Flag(j, "tr"),
            HasRetries = Flag(j, "re"),
            Locals = ReadLocals(j),
            Exception = ReadException(j, "ex"),
            Scope = node.VariableDefaults.Length == 0 ? [] : (object?[])node.VariableDefaults.Clone(),
        };
        if (parent is not null && c.IsActive)
            parent.ActiveChildren++;
        if (parent is not null && c.Status == ActivityStatus.Faulted)
            parent.FaultedChildren++;
        if (j.TryGetProperty("oc", out var outcomes))
            c.SetOutcomes([.. outcomes.EnumerateArray().Select(o => o.GetString()!)]);
        if (node.Inputs.Length > 0)
        {
            c.Inputs = new object?[node.Inputs.Length];
            var given = j.TryGetProperty("i", out var inputs);
            for (var i = 0; i < node.Inputs.Length; i++)
            {
                c.Inputs[i] = node.Inputs[i].Expression is Expressions.ConstantExpression constant
                    ? constant.Value
                    : given && inputs.TryGetProperty(node.Inputs[i].Name, out var value) ? JsonValues.FromElement(value) : ActivityContext.Unset;
            }
        }

        if (j.TryGetProperty("ou", out var outputs))
        {
            c.Outputs = new object?[node.Outputs.Length];
            Array.Fill(c.Outputs, ActivityContext.Unset);
            ReadOutputs(outputs, node, (slot, value) => c.Outputs[slot] = value);
        }

        if (j.TryGetProperty("va", out var variables))
        {
            for (var i = 0; i < node.Variables.Length; i++)
            {
                if (variables.TryGetProperty(node.Variables[i].Id, out var value))
                    c.Scope[i] = ValueConverter.Typed(JsonValues.FromElement(value), node.Variables[i].Type);
            }
        }

        if (j.TryGetProperty("pr", out var properties))
            c.PropertyMap = (Dictionary<string, object?>?)JsonValues.FromElement(properties);
        if (j.TryGetProperty("m", out var memory))
            c.Memory = node.Behavior.ReadMemory(memory, c);
        return c;
    }

    private static void ReadOutputs(JsonElement j, CompiledActivity node, Action<int, object?> set)
    {
        for (var i = 0; i < node.Outputs.Length; i++)
        {
            if (j.TryGetProperty(node.Outputs[i].Name, out var value))
                set(i, JsonValues.FromElement(value));
        }
    }

    private static List<LocalVariable>? ReadLocals(JsonElement j)
    {
        if (!j.TryGetProperty("lo", out var list))
            return null;
        var result = new List<LocalVariable>(list.GetArrayLength() / 2);
        for (var i = 0; i + 1 < list.GetArrayLength(); i += 2)
            result.Add(new LocalVariable(list[i].GetString()!, JsonValues.FromElement(list[i + 1])));
        return result;
    }

    private static Bookmark ReadBookmark(JsonElement j, InstanceState s, Dictionary<long, ActivityContext> contexts, long origin)
    {
        var id = j.GetProperty("id").GetString()!;
        var name = j.GetProperty("k").GetString()!;
        var payload = Value(j, "d");
        var ordinal = j.GetProperty("o").GetInt64();
        var waits = contexts.GetValueOrDefault(ordinal)?.Activity;
        return new Bookmark(
            id.StartsWith("-b", StringComparison.Ordinal) ? s.Id + id : id, name, Text(j, "h") ?? StimulusHash.Compute(name, payload), payload,
            Text(j, "a") ?? waits!.Id, Text(j, "n") ?? waits!.NodeId, ordinal, Time(origin + j.GetProperty("at").GetInt64()))
        {
            DueAt = j.TryGetProperty("due", out var due) ? Time(origin + due.GetInt64()) : null,
            AutoBurn = !Flag(j, "keep"),
            Tag = Text(j, "t"),
            Options = Value(j, "op"),
            EventId = Cause(j, s.EventId),
        };
    }

    private static ExceptionInfo? ReadException(JsonElement j, string name) =>
        j.TryGetProperty(name, out var e)
            ? new ExceptionInfo(e.GetProperty("t").GetString()!, e.GetProperty("m").GetString()!, Text(e, "s"), ReadException(e, "i"))
            : null;

    private static CompiledActivity Node(CompiledWorkflow workflow, JsonElement j, ActivityContext? parent = null)
    {
        var nodeId = j.GetProperty("n").GetString()!;
        if (nodeId.StartsWith(':') && parent is not null)
            nodeId = parent.Activity.NodeId + nodeId;
        return workflow.ByNodeId.GetValueOrDefault(nodeId)
            ?? throw new InstanceStateException($"The instance stands at activity '{nodeId}', which version {workflow.Version} of '{workflow.DefinitionId}' does not have.");
    }

    private static IEnumerable<JsonElement> Items(JsonElement j, string name) =>
        j.TryGetProperty(name, out var list) ? list.EnumerateArray() : [];

    private static void Fill(Dictionary<string, object?> map, JsonElement j, string name)
    {
        if (!j.TryGetProperty(name, out var o))
            return;
        foreach (var property in o.EnumerateObject())
            map[property.Name] = JsonValues.FromElement(property.Value);
    }

    private static string? Cause(JsonElement j, string? latest) => Text(j, "ev") is { } own ? (own.Length == 0 ? null : own) : latest;

    private static DateTimeOffset Time(long micros) => new(DateTime.UnixEpoch.Ticks + micros * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    private static string? Text(JsonElement j, string name) => j.TryGetProperty(name, out var v) ? v.GetString() : null;

    private static bool Flag(JsonElement j, string name) => j.TryGetProperty(name, out var v) && v.GetBoolean();

    private static long Number(JsonElement j, string name) => j.TryGetProperty(name, out var v) ? v.GetInt64() : 0;

    private static object? Value(JsonElement j, string name) => j.TryGetProperty(name, out var v) ? JsonValues.FromElement(v) : null;
}
