using System.Buffers;
using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>
/// The stored form of an instance: compact JSON with short names, and nothing that can be derived from the definition.
/// Nodes are named by node id, values by name, so that the document also fits another version of the definition.
/// </summary>
internal static class StateSerializer
{
    private const int Format = 1;

    public static byte[] Serialize(InstanceState state)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var w = new Utf8JsonWriter(buffer, JsonValues.WriterOptions))
            Write(w, state);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter w, InstanceState s)
    {
        w.WriteStartObject();
        w.WriteNumber("v", Format);
        w.WriteString("id", s.Id);
        w.WriteString("def", s.DefinitionId);
        w.WriteString("ver", s.DefinitionVersionId);
        w.WriteNumber("num", s.DefinitionVersion);
        Text(w, "corr", s.CorrelationId);
        Text(w, "ev", s.EventId);
        Text(w, "name", s.Name);
        Text(w, "parent", s.ParentInstanceId);
        w.WriteNumber("st", (int)s.Status);
        w.WriteNumber("sub", (int)s.SubStatus);
        w.WriteNumber("at", Micros(s.CreatedAt));
        w.WriteNumber("upd", Micros(s.UpdatedAt));
        if (s.FinishedAt is { } finished)
            w.WriteNumber("fin", Micros(finished));
        if (s.RespondUntil is { } respond)
            w.WriteNumber("resp", Micros(respond));
        w.WriteNumber("seq", s.JournalLength);
        w.WriteNumber("ord", s.LastOrdinal);
        if (s.LastBookmark > 0)
            w.WriteNumber("bm", s.LastBookmark);
        Flag(w, "faulting", s.IsFaulting);
        Flag(w, "finishing", s.IsFinishing);
        Flag(w, "canceled", s.IsCanceled);
        Flag(w, "noInput", s.InputsDropped && s.Input.Count > 0);
        Flag(w, "given", s.HasGivenVariables);
        Flag(w, "hit", s.WasTriggered);
        Map(w, "in", s.Input);
        Map(w, "out", s.Output);
        Map(w, "props", s.Properties);
        if (s.TriggerPayloadIsFresh || s.TriggerPayload is not null)
        {
            Text(w, "trig", s.TriggerActivityId);
            Flag(w, "fresh", s.TriggerPayloadIsFresh);
            w.WritePropertyName("trigData");
            JsonValues.Write(w, s.TriggerPayload);
        }

        if (s.Contexts.Count > 0)
        {
            w.WriteStartArray("ctx");
            foreach (var context in s.Contexts.OrderBy(c => c.Ordinal))
                WriteContext(w, context, s.OutputsAreStale);
            w.WriteEndArray();
        }

        // Parents of scheduled or running executions may have ended already; only those that are still there are named.
        if (s.Work.Count > 0)
        {
            w.WriteStartArray("work");
            foreach (var item in s.Work)
                WriteWork(w, item, s.EventId);
            w.WriteEndArray();
        }

        if (s.BookmarkList.Count > 0)
        {
            w.WriteStartArray("marks");
            foreach (var bookmark in s.BookmarkList)
                WriteBookmark(w, bookmark, s.EventId);
            w.WriteEndArray();
        }

        if (s.IncidentList.Count > 0)
        {
            w.WriteStartArray("inc");
            foreach (var incident in s.IncidentList)
                WriteIncident(w, incident);
            w.WriteEndArray();
        }

        if (s.Operations.Count > 0)
        {
            w.WriteStartArray("ops");
            foreach (var operation in s.Operations)
            {
                w.WriteStartObject();
                w.WriteString("id", operation.Id);
                w.WriteNumber("o", operation.Context.Ordinal);
                Flag(w, "inline", operation.IsInline);
                Text(w, "mark", operation.Bookmark?.Id);
                Text(w, "child", operation.ChildInstanceId);
                Cause(w, operation.EventId, s.EventId);
                w.WriteEndObject();
            }

            w.WriteEndArray();
        }

        if (s.OutputRegister.Count > 0)
        {
            w.WriteStartArray("reg");
            foreach (var (node, values) in s.OutputRegister)
            {
                w.WriteStartArray();
                w.WriteStringValue(node.NodeId);
                WriteOutputs(w, node, values);
                w.WriteEndArray();
            }

            w.WriteEndArray();
        }

        if (s.LastResult is not null)
        {
            w.WritePropertyName("last");
            JsonValues.Write(w, s.LastResult);
        }

        w.WriteEndObject();
    }

    private static void WriteContext(Utf8JsonWriter w, ActivityContext c, bool outputsAreStale)
    {
        var node = c.Activity;
        w.WriteStartObject();
        w.WriteNumber("o", c.Ordinal);
        w.WriteString("n", node.NodeId);
        if (c.Parent is not null)
            w.WriteNumber("p", c.Parent.Ordinal);
        w.WriteNumber("s", Micros(c.StartedAt));
        if (c.CompletedAt is { } completed)
            w.WriteNumber("e", Micros(completed));
        if (c.Status != ActivityStatus.Running)
            w.WriteNumber("st", (int)c.Status);
        Text(w, "t", c.Tag);
        if (c.FaultCount > 0)
            w.WriteNumber("f", c.FaultCount);
        if (c.Counter != 0)
            w.WriteNumber("c", c.Counter);
        Flag(w, "br", c.IsBreaking);
        Flag(w, "tr", c.IsTrigger);
        Flag(w, "re", c.HasRetries);
        if (c.Outcomes.Count > 0)
        {
            w.WriteStartArray("oc");
            foreach (var outcome in c.Outcomes)
                w.WriteStringValue(outcome);
            w.WriteEndArray();
        }

        WriteInputs(w, c);
        if (c.Outputs is not null && !outputsAreStale)
        {
            w.WritePropertyName("ou");
            WriteOutputs(w, node, c.Outputs);
        }

        WriteScope(w, c);
        if (c.Locals is { Count: > 0 })
            WriteLocals(w, c.Locals);
        if (c.PropertyMap is not null)
            Map(w, "pr", c.PropertyMap);
        if (c.Memory is not null)
        {
            w.WritePropertyName("m");
            node.Behavior.WriteMemory(w, c.Memory);
        }

        if (c.Exception is not null)
        {
            w.WritePropertyName("ex");
            WriteException(w, c.Exception);
        }

        w.WriteEndObject();
    }

    private static void WriteInputs(Utf8JsonWriter w, ActivityContext c)
    {
        var inputs = c.Activity.Inputs;
        var open = false;
        for (var i = 0; i < c.Inputs.Length; i++)
        {
            // Constants come back from the definition.
            if (ReferenceEquals(c.Inputs[i], ActivityContext.Unset) || inputs[i].Expression.IsConstant)
                continue;
            if (!open)
                w.WriteStartObject("i");
            open = true;
            w.WritePropertyName(inputs[i].Name);
            JsonValues.Write(w, c.Inputs[i]);
        }

        if (open)
            w.WriteEndObject();
    }

    private static void WriteOutputs(Utf8JsonWriter w, CompiledActivity node, object?[] values)
    {
        w.WriteStartObject();
        for (var i = 0; i < values.Length; i++)
        {
            if (ReferenceEquals(values[i], ActivityContext.Unset))
                continue;
            w.WritePropertyName(node.Outputs[i].Name);
            JsonValues.Write(w, values[i]);
        }

        w.WriteEndObject();
    }

    /// <summary>Values that differ from the declared default, by variable id.</summary>
    private static void WriteScope(Utf8JsonWriter w, ActivityContext c)
    {
        var variables = c.Activity.Variables;
        var open = false;
        for (var i = 0; i < c.Scope.Length; i++)
        {
            if (ReferenceEquals(c.Scope[i], c.Activity.VariableDefaults[i]) || Equals(c.Scope[i], c.Activity.VariableDefaults[i]))
                continue;
            if (!open)
                w.WriteStartObject("va");
            open = true;
            w.WritePropertyName(variables[i].Id);
            JsonValues.Write(w, c.Scope[i]);
        }

        if (open)
            w.WriteEndObject();
    }

    private static void WriteLocals(Utf8JsonWriter w, List<LocalVariable> locals)
    {
        w.WriteStartArray("lo");
        foreach (var local in locals)
        {
            w.WriteStringValue(local.Name);
            JsonValues.Write(w, local.Value);
        }

        w.WriteEndArray();
    }

    private static void WriteWork(Utf8JsonWriter w, in WorkItem item, string? eventId)
    {
        w.WriteStartObject();
        w.WriteString("n", item.Node.NodeId);
        if (item.Owner is not null)
            w.WriteNumber("p", item.Owner.Ordinal);
        Text(w, "t", item.Tag);
        if (item.Locals is { Count: > 0 })
            WriteLocals(w, item.Locals);
        if (item.Context is not null)
            w.WriteNumber("o", item.Context.Ordinal);
        if (item.Bookmark is not null)
        {
            w.WritePropertyName("b");
            WriteBookmark(w, item.Bookmark, eventId);
            w.WritePropertyName("d");
            JsonValues.Write(w, item.Payload);
        }

        w.WriteEndObject();
    }

    private static void WriteBookmark(Utf8JsonWriter w, Bookmark b, string? eventId)
    {
        w.WriteStartObject();
        w.WriteString("id", b.Id);
        w.WriteString("k", b.Name);
        w.WriteString("h", b.Hash);
        if (b.Payload is not null)
        {
            w.WritePropertyName("d");
            JsonValues.Write(w, b.Payload);
        }

        w.WriteString("a", b.ActivityId);
        w.WriteString("n", b.ActivityNodeId);
        w.WriteNumber("o", b.ActivityOrdinal);
        w.WriteNumber("at", Micros(b.CreatedAt));
        if (b.DueAt is { } due)
            w.WriteNumber("due", Micros(due));
        Flag(w, "keep", !b.AutoBurn);
        Text(w, "t", b.Tag);
        if (b.Options is not null)
        {
            w.WritePropertyName("op");
            JsonValues.Write(w, b.Options);
        }

        Cause(w, b.EventId, eventId);
        w.WriteEndObject();
    }

    /// <summary>The event that something serves, where it is not the instance's latest one; empty for none.</summary>
    private static void Cause(Utf8JsonWriter w, string? eventId, string? latest)
    {
        if (!string.Equals(eventId, latest, StringComparison.Ordinal))
            w.WriteString("ev", eventId ?? "");
    }

    private static string? Cause(JsonElement j, string? latest) => Text(j, "ev") is { } own ? (own.Length == 0 ? null : own) : latest;

    private static void WriteIncident(Utf8JsonWriter w, Incident i)
    {
        w.WriteStartObject();
        w.WriteString("a", i.ActivityId);
        w.WriteString("n", i.ActivityNodeId);
        w.WriteString("k", i.ActivityType);
        w.WriteNumber("o", i.ActivityOrdinal);
        w.WriteString("m", i.Message);
        w.WriteNumber("at", Micros(i.Timestamp));
        if (i.Exception is not null)
        {
            w.WritePropertyName("ex");
            WriteException(w, i.Exception);
        }

        w.WriteEndObject();
    }

    private static void WriteException(Utf8JsonWriter w, ExceptionInfo e)
    {
        w.WriteStartObject();
        w.WriteString("t", e.Type);
        w.WriteString("m", e.Message);
        Text(w, "s", e.StackTrace);
        if (e.Inner is not null)
        {
            w.WritePropertyName("i");
            WriteException(w, e.Inner);
        }

        w.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter w, string name, string? value)
    {
        if (value is not null)
            w.WriteString(name, value);
    }

    private static void Flag(Utf8JsonWriter w, string name, bool value)
    {
        if (value)
            w.WriteBoolean(name, value);
    }

    private static void Map(Utf8JsonWriter w, string name, Dictionary<string, object?> map)
    {
        if (map.Count == 0)
            return;
        w.WritePropertyName(name);
        JsonValues.Write(w, map);
    }

    private static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset Time(long micros) => new(DateTime.UnixEpoch.Ticks + micros * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    // ---- reading

    public static InstanceState Deserialize(ReadOnlyMemory<byte> json, CompiledWorkflow workflow)
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
        if (format > Format)
            throw new InstanceStateException($"The stored state has format {format}; this version reads up to {Format}.");
        var s = new InstanceState(
            j.GetProperty("id").GetString()!, j.GetProperty("def").GetString()!, j.GetProperty("ver").GetString()!, j.GetProperty("num").GetInt32(),
            Time(j.GetProperty("at").GetInt64()))
        {
            CorrelationId = Text(j, "corr"),
            EventId = Text(j, "ev"),
            Name = Text(j, "name"),
            ParentInstanceId = Text(j, "parent"),
            Status = (WorkflowStatus)j.GetProperty("st").GetInt32(),
            SubStatus = (WorkflowSubStatus)j.GetProperty("sub").GetInt32(),
            UpdatedAt = Time(j.GetProperty("upd").GetInt64()),
            FinishedAt = j.TryGetProperty("fin", out var fin) ? Time(fin.GetInt64()) : null,
            RespondUntil = j.TryGetProperty("resp", out var respond) ? Time(respond.GetInt64()) : null,
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
            var context = ReadContext(item, s, workflow, contexts);
            contexts.Add(context.Ordinal, context);
            s.AddContext(context);
        }

        foreach (var item in Items(j, "marks"))
        {
            var bookmark = ReadBookmark(item, s.EventId);
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
                Bookmark = item.TryGetProperty("b", out var b) ? ReadBookmark(b, s.EventId) : null,
                Payload = Value(item, "d"),
            });
        }

        foreach (var item in Items(j, "inc"))
        {
            s.IncidentList.Add(new Incident(
                item.GetProperty("a").GetString()!, item.GetProperty("n").GetString()!, item.GetProperty("k").GetString()!, Number(item, "o"),
                item.GetProperty("m").GetString()!, ReadException(item, "ex"), Time(item.GetProperty("at").GetInt64())));
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

    private static ActivityContext ReadContext(JsonElement j, InstanceState s, CompiledWorkflow workflow, Dictionary<long, ActivityContext> contexts)
    {
        var node = Node(workflow, j);
        var parent = j.TryGetProperty("p", out var p) ? contexts.GetValueOrDefault(p.GetInt64()) : null;
        var c = new ActivityContext(s, node, parent, j.GetProperty("o").GetInt64())
        {
            Tag = Text(j, "t"),
            StartedAt = Time(j.GetProperty("s").GetInt64()),
            CompletedAt = j.TryGetProperty("e", out var e) ? Time(e.GetInt64()) : null,
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
                    c.Scope[i] = Typed(JsonValues.FromElement(value), node.Variables[i].Type);
            }
        }

        if (j.TryGetProperty("pr", out var properties))
            c.PropertyMap = (Dictionary<string, object?>?)JsonValues.FromElement(properties);
        if (j.TryGetProperty("m", out var memory))
            c.Memory = node.Behavior.ReadMemory(memory, c);
        return c;
    }

    /// <summary>Dates, durations and bytes are text in JSON; the declared type brings them back.</summary>
    private static object? Typed(object? value, DataType type)
    {
        if (value is not string || type.Kind is DataKind.Object or DataKind.String or DataKind.Json or DataKind.Dictionary)
            return value;
        try
        {
            return ValueConverter.Convert(value, type);
        }
        catch (ValueConversionException)
        {
            return value;
        }
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

    private static Bookmark ReadBookmark(JsonElement j, string? latest) => new(
        j.GetProperty("id").GetString()!, j.GetProperty("k").GetString()!, j.GetProperty("h").GetString()!, Value(j, "d"),
        j.GetProperty("a").GetString()!, j.GetProperty("n").GetString()!, j.GetProperty("o").GetInt64(), Time(j.GetProperty("at").GetInt64()))
    {
        DueAt = j.TryGetProperty("due", out var due) ? Time(due.GetInt64()) : null,
        AutoBurn = !Flag(j, "keep"),
        Tag = Text(j, "t"),
        Options = Value(j, "op"),
        EventId = Cause(j, latest),
    };

    private static ExceptionInfo? ReadException(JsonElement j, string name) =>
        j.TryGetProperty(name, out var e)
            ? new ExceptionInfo(e.GetProperty("t").GetString()!, e.GetProperty("m").GetString()!, Text(e, "s"), ReadException(e, "i"))
            : null;

    private static CompiledActivity Node(CompiledWorkflow workflow, JsonElement j)
    {
        var nodeId = j.GetProperty("n").GetString()!;
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

    private static string? Text(JsonElement j, string name) => j.TryGetProperty(name, out var v) ? v.GetString() : null;

    private static bool Flag(JsonElement j, string name) => j.TryGetProperty(name, out var v) && v.GetBoolean();

    private static long Number(JsonElement j, string name) => j.TryGetProperty(name, out var v) ? v.GetInt64() : 0;

    private static object? Value(JsonElement j, string name) => j.TryGetProperty(name, out var v) ? JsonValues.FromElement(v) : null;
}
