using System.Buffers;
using System.Text;
using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Execution;

/// <summary>
/// The stored form of an instance: compact JSON with short names, and nothing that can be derived from the definition.
/// Nodes are named by node id, values by name, so that the document also fits another version of the definition.
/// </summary>
internal static class InstanceStateWriter
{
    /// <summary>Number of the form; a newer one is not read by an older server.</summary>
    public const int Format = 2;

    private const int LargestKept = 1 << 20;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? s_buffer;

    public static byte[] Write(InstanceState state)
    {
        var json = WriteToBuffer(state).ToArray();
        LetGoIfLarge();
        return json;
    }

    /// <summary>The same as text, as it is stored with every commit.</summary>
    public static string WriteText(InstanceState state)
    {
        var text = Encoding.UTF8.GetString(WriteToBuffer(state));
        LetGoIfLarge();
        return text;
    }

    private static ReadOnlySpan<byte> WriteToBuffer(InstanceState state)
    {
        var buffer = s_buffer ??= new ArrayBufferWriter<byte>(4096);
        buffer.ResetWrittenCount();
        using (var w = new Utf8JsonWriter(buffer, JsonValues.WriterOptions))
            Write(w, state);
        return buffer.WrittenSpan;
    }

    private static void LetGoIfLarge()
    {
        if (s_buffer!.Capacity > LargestKept)
            s_buffer = null;
    }

    private static void Write(Utf8JsonWriter w, InstanceState s)
    {
        // Times are counted from the instance's beginning: there are many of them, and most are close to it.
        var origin = Micros(s.CreatedAt);
        w.WriteStartObject();
        w.WriteNumber("v", Format);
        w.WriteString("id", s.Id);
        Text(w, "corr", s.CorrelationId);
        Text(w, "ev", s.EventId);
        Text(w, "name", s.Name);
        Text(w, "parent", s.ParentInstanceId);
        w.WriteNumber("st", (int)s.Status);
        w.WriteNumber("sub", (int)s.SubStatus);
        w.WriteNumber("at", origin);
        w.WriteNumber("upd", Micros(s.UpdatedAt) - origin);
        if (s.FinishedAt is { } finished)
            w.WriteNumber("fin", Micros(finished) - origin);
        if (s.RespondUntil is { } respond)
            w.WriteNumber("resp", Micros(respond) - origin);
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
                WriteContext(w, context, s.OutputsAreStale, origin);
            w.WriteEndArray();
        }

        // Parents of scheduled or running executions may have ended already; only those that are still there are named.
        if (s.Work.Count > 0)
        {
            w.WriteStartArray("work");
            foreach (var item in s.Work)
                WriteWork(w, item, s, origin);
            w.WriteEndArray();
        }

        if (s.BookmarkList.Count > 0)
        {
            w.WriteStartArray("marks");
            foreach (var bookmark in s.BookmarkList)
                WriteBookmark(w, bookmark, s, origin);
            w.WriteEndArray();
        }

        if (s.IncidentList.Count > 0)
        {
            w.WriteStartArray("inc");
            foreach (var incident in s.IncidentList)
                WriteIncident(w, incident, origin);
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

    private static void WriteContext(Utf8JsonWriter w, ActivityContext c, bool outputsAreStale, long origin)
    {
        var node = c.Activity;
        w.WriteStartObject();
        w.WriteNumber("o", c.Ordinal);
        // A node id is that of the parent and one part more, nearly always.
        w.WriteString("n", c.Parent?.Activity.NodeId is { } above && node.NodeId.Length > above.Length && node.NodeId[above.Length] == ':' && node.NodeId.StartsWith(above, StringComparison.Ordinal)
            ? node.NodeId.AsSpan(above.Length)
            : node.NodeId);
        if (c.Parent is not null)
            w.WriteNumber("p", c.Parent.Ordinal);
        w.WriteNumber("s", Micros(c.StartedAt) - origin);
        if (c.CompletedAt is { } completed)
            w.WriteNumber("e", Micros(completed) - origin);
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

    private static void WriteWork(Utf8JsonWriter w, in WorkItem item, InstanceState s, long origin)
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
            WriteBookmark(w, item.Bookmark, s, origin);
            w.WritePropertyName("d");
            JsonValues.Write(w, item.Payload);
        }

        w.WriteEndObject();
    }

    /// <summary>What follows from the rest is left out: instances wait by the hundred thousand.</summary>
    private static void WriteBookmark(Utf8JsonWriter w, Bookmark b, InstanceState s, long origin)
    {
        w.WriteStartObject();
        if (b.Id.StartsWith(s.Id, StringComparison.Ordinal))
            w.WriteString("id", b.Id.AsSpan(s.Id.Length));
        else
            w.WriteString("id", b.Id);
        w.WriteString("k", b.Name);
        if (!string.Equals(b.Hash, StimulusHash.Compute(b.Name, b.Payload), StringComparison.Ordinal))
            w.WriteString("h", b.Hash);
        if (b.Payload is not null)
        {
            w.WritePropertyName("d");
            JsonValues.Write(w, b.Payload);
        }

        if (!string.Equals(s.FindContext(b.ActivityOrdinal)?.Activity.NodeId, b.ActivityNodeId, StringComparison.Ordinal))
        {
            w.WriteString("a", b.ActivityId);
            w.WriteString("n", b.ActivityNodeId);
        }

        w.WriteNumber("o", b.ActivityOrdinal);
        w.WriteNumber("at", Micros(b.CreatedAt) - origin);
        if (b.DueAt is { } due)
            w.WriteNumber("due", Micros(due) - origin);
        Flag(w, "keep", !b.AutoBurn);
        Text(w, "t", b.Tag);
        if (b.Options is not null)
        {
            w.WritePropertyName("op");
            JsonValues.Write(w, b.Options);
        }

        Cause(w, b.EventId, s.EventId);
        w.WriteEndObject();
    }

    /// <summary>The event that something serves, where it is not the instance's latest one; empty for none.</summary>
    private static void Cause(Utf8JsonWriter w, string? eventId, string? latest)
    {
        if (!string.Equals(eventId, latest, StringComparison.Ordinal))
            w.WriteString("ev", eventId ?? "");
    }

    private static void WriteIncident(Utf8JsonWriter w, Incident i, long origin)
    {
        w.WriteStartObject();
        w.WriteString("a", i.ActivityId);
        w.WriteString("n", i.ActivityNodeId);
        w.WriteString("k", i.ActivityType);
        w.WriteNumber("o", i.ActivityOrdinal);
        w.WriteString("m", i.Message);
        w.WriteNumber("at", Micros(i.Timestamp) - origin);
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
}
