using System.Buffers;
using System.Text;
using System.Text.Json;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;

namespace Automation.Workflows.Queries;

/// <summary>
/// What one burst did, as it is stored: one row of compact JSON. Nodes are numbered in a table of their node ids, times
/// are microseconds after the first, entries and records are arrays whose empty tail is left out; what the definition
/// knows (types, names) is not repeated.
/// </summary>
/// <remarks>
/// <c>{"t":time of the first,"s":sequence of the first entry,"n":[node ids],
/// "e":[[node, ordinal, event, time, message, payload]…],
/// "r":[[node, ordinal, parent, status, started, completed, has bookmarks, faults, state, outputs, payload, properties, metadata, exception]…]}</c>,
/// where 0 is an empty map, and a state of 1 the one that an earlier chunk has of the same execution: a loop over a thousand
/// items would write all of them a thousand times otherwise.
/// </remarks>
internal static class JournalChunk
{
    /// <summary>Events that are stored as their number in this list; never reorder, only add.</summary>
    private static readonly string[] Events =
    [
        JournalEvents.Started, JournalEvents.Suspended, JournalEvents.Resumed, JournalEvents.Completed, JournalEvents.Faulted,
        JournalEvents.Canceled, JournalEvents.WorkflowCanceled, JournalEvents.Migrated,
    ];

    [ThreadStatic]
    private static Dictionary<CompiledActivity, int>? s_nodes;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? s_buffer;

    public static string Write(IReadOnlyList<JournalEntry> entries, IReadOnlyList<ActivityRecord> records)
    {
        var nodes = s_nodes ??= new Dictionary<CompiledActivity, int>(ReferenceEqualityComparer.Instance);
        var buffer = s_buffer ??= new ArrayBufferWriter<byte>(1024);
        nodes.Clear();
        buffer.ResetWrittenCount();
        var start = entries.Count > 0 ? entries[0].Timestamp : records.Count > 0 ? records[0].StartedAt : DateTimeOffset.UnixEpoch;
        var origin = SqlValue.ToMicros(start);
        using (var writer = new Utf8JsonWriter(buffer, JsonValues.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteNumber("t"u8, origin);
            writer.WriteNumber("s"u8, entries.Count > 0 ? entries[0].Sequence : 0);
            writer.WriteStartArray("e"u8);
            for (var i = 0; i < entries.Count; i++)
                Write(writer, entries[i], nodes, origin);
            writer.WriteEndArray();
            writer.WriteStartArray("r"u8);
            for (var i = 0; i < records.Count; i++)
                Write(writer, records[i], nodes, origin);
            writer.WriteEndArray();
            writer.WriteStartArray("n"u8);
            foreach (var node in nodes.Keys)
                writer.WriteStringValue(node.NodeId);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        nodes.Clear();
        var text = Encoding.UTF8.GetString(buffer.WrittenSpan);
        if (buffer.Capacity > 1 << 20)
            s_buffer = null;
        return text;
    }

    public static ChunkContent Read(string instanceId, string chunk, CompiledWorkflow? graph)
    {
        var root = JsonElement.Parse(chunk);
        var origin = root.GetProperty("t"u8).GetInt64();
        var sequence = root.GetProperty("s"u8).GetInt64();
        var nodes = root.GetProperty("n"u8).EnumerateArray().Select(n => Node(n.GetString()!, graph)).ToArray();
        var records = new List<ActivityExecution>();
        var parents = new Dictionary<long, string?>();
        foreach (var r in root.GetProperty("r"u8).EnumerateArray())
        {
            var record = ReadRecord(instanceId, r, nodes, origin);
            records.Add(record);
            parents[record.Ordinal] = record.ParentId;
        }

        // Whatever an entry is about was touched by the burst, so its record, which knows the parent, is in the same chunk.
        var entries = new List<JournalRecord>();
        foreach (var e in root.GetProperty("e"u8).EnumerateArray())
        {
            var entry = ReadEntry(instanceId, e, nodes, origin, sequence++);
            entries.Add(entry with { ParentActivityInstanceId = parents.GetValueOrDefault(entry.Ordinal) });
        }

        return new ChunkContent(entries, records);
    }

    private static void Write(Utf8JsonWriter writer, in JournalEntry entry, Dictionary<CompiledActivity, int> nodes, long origin)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(NumberOf(entry.Activity, nodes));
        writer.WriteNumberValue(entry.ActivityOrdinal);
        var code = Array.IndexOf(Events, entry.Event);
        if (code >= 0)
            writer.WriteNumberValue(code);
        else
            writer.WriteStringValue(entry.Event);
        writer.WriteNumberValue(SqlValue.ToMicros(entry.Timestamp) - origin);
        if (entry.Message is not null || entry.Payload is not null)
        {
            writer.WriteStringValue(entry.Message);
            if (entry.Payload is not null)
                JsonValues.Write(writer, entry.Payload);
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, ActivityRecord record, Dictionary<CompiledActivity, int> nodes, long origin)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(NumberOf(record.Activity, nodes));
        writer.WriteNumberValue(record.Ordinal);
        writer.WriteNumberValue(record.ParentOrdinal);
        writer.WriteNumberValue((int)record.Status);
        writer.WriteNumberValue(SqlValue.ToMicros(record.StartedAt) - origin);
        if (record.CompletedAt is { } completed)
            writer.WriteNumberValue(SqlValue.ToMicros(completed) - origin);
        else
            writer.WriteNullValue();

        ReadOnlySpan<IReadOnlyDictionary<string, object?>> maps = [record.State, record.Outputs, record.Payload, record.Properties, record.Metadata];
        var asBefore = record.StateIsRecorded && record.State.Count > 0;
        var used = maps.Length;
        while (used > 0 && maps[used - 1].Count == 0)
            used--;
        if (record.Exception is not null)
            used = maps.Length;
        if (used > 0 || record.HasBookmarks || record.AggregateFaultCount > 0)
        {
            writer.WriteNumberValue(record.HasBookmarks ? 1 : 0);
            writer.WriteNumberValue(record.AggregateFaultCount);
        }

        for (var i = 0; i < used; i++)
        {
            if (maps[i].Count == 0)
                writer.WriteNumberValue(0);
            else if (i == 0 && asBefore)
                writer.WriteNumberValue(1);
            else
                JsonValues.Write(writer, maps[i]);
        }

        if (record.Exception is { } exception)
            Write(writer, exception);
        writer.WriteEndArray();
    }

    internal static void Write(Utf8JsonWriter writer, ExceptionInfo exception)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, exception.Type);
        writer.WriteString("message"u8, exception.Message);
        if (exception.StackTrace is not null)
            writer.WriteString("stackTrace"u8, exception.StackTrace);
        if (exception.Inner is not null)
        {
            writer.WritePropertyName("innerException"u8);
            Write(writer, exception.Inner);
        }

        writer.WriteEndObject();
    }

    private static int NumberOf(CompiledActivity node, Dictionary<CompiledActivity, int> nodes)
    {
        if (!nodes.TryGetValue(node, out var number))
        {
            number = nodes.Count;
            nodes.Add(node, number);
        }

        return number;
    }

    private static JournalRecord ReadEntry(string instanceId, JsonElement e, NodeInfo[] nodes, long origin, long sequence)
    {
        var node = nodes[e[0].GetInt32()];
        var length = e.GetArrayLength();
        return new JournalRecord
        {
            Id = $"{instanceId}:{sequence}",
            WorkflowInstanceId = instanceId,
            Ordinal = e[1].GetInt64(),
            ActivityId = node.Id,
            NodeId = node.NodeId,
            ActivityType = node.Type,
            ActivityTypeVersion = node.Version,
            ActivityName = node.Name,
            Sequence = sequence,
            EventName = e[2].ValueKind == JsonValueKind.Number ? Events[e[2].GetInt32()] : e[2].GetString()!,
            Timestamp = SqlValue.FromMicros(origin + e[3].GetInt64()),
            Message = length > 4 ? e[4].GetString() : null,
            Payload = length > 5 ? e[5] : null,
        };
    }

    private static ActivityExecution ReadRecord(string instanceId, JsonElement r, NodeInfo[] nodes, long origin)
    {
        var node = nodes[r[0].GetInt32()];
        var length = r.GetArrayLength();
        var parent = r[2].GetInt64();
        return new ActivityExecution
        {
            WorkflowInstanceId = instanceId,
            Ordinal = r[1].GetInt64(),
            ParentOrdinal = parent == 0 ? null : parent,
            ActivityId = node.Id,
            ActivityNodeId = node.NodeId,
            ActivityType = node.Type,
            ActivityTypeVersion = node.Version,
            ActivityName = node.Name,
            Status = (ActivityStatus)r[3].GetInt32(),
            StartedAt = SqlValue.FromMicros(origin + r[4].GetInt64()),
            CompletedAt = r[5].ValueKind == JsonValueKind.Null ? null : SqlValue.FromMicros(origin + r[5].GetInt64()),
            HasBookmarks = length > 6 && r[6].GetInt32() == 1,
            AggregateFaultCount = length > 7 ? r[7].GetInt32() : 0,
            ActivityState = Map(8),
            StateIsEarlier = length > 8 && r[8].ValueKind == JsonValueKind.Number && r[8].GetInt32() == 1,
            Outputs = Map(9),
            Payload = Map(10),
            Properties = Map(11),
            Metadata = Map(12),
            Exception = length > 13 ? r[13] : null,
        };

        JsonElement? Map(int index) => length > index && r[index].ValueKind == JsonValueKind.Object ? r[index] : null;
    }

    private static NodeInfo Node(string nodeId, CompiledWorkflow? graph) =>
        graph?.FindByNodeId(nodeId) is { } activity
            ? new NodeInfo(nodeId, activity.Id, activity.Type, activity.Version, activity.Name)
            // The definition no longer compiles: the journal is shown all the same.
            : new NodeInfo(nodeId, nodeId[(nodeId.LastIndexOf(':') + 1)..], "", 1, null);

    private sealed record NodeInfo(string NodeId, string Id, string Type, int Version, string? Name);
}

/// <summary>What a chunk holds.</summary>
internal sealed record ChunkContent(IReadOnlyList<JournalRecord> Entries, IReadOnlyList<ActivityExecution> Records);
