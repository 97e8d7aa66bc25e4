using System.Text.Json;

namespace Automation.Workflows.Activities.Flow;

/// <summary>What a running flowchart remembers.</summary>
internal sealed class FlowState(int start, int nodes, int connections)
{
    /// <summary>The node at which it started.</summary>
    public int Start { get; } = start;

    /// <summary>By node: how often it was scheduled or skipped.</summary>
    public int[] Visits { get; } = new int[nodes];

    /// <summary>By node: how many rounds of inbound arrivals it has used up.</summary>
    public int[] Consumed { get; } = new int[nodes];

    /// <summary>By connection: how often it was visited, followed or not.</summary>
    public int[] Arrivals { get; } = new int[connections];

    /// <summary>By connection: whether the last visit followed it.</summary>
    public bool[] Followed { get; } = new bool[connections];

    /// <summary>By node: whether a join that takes the first arrival has run in this round.</summary>
    public bool[] Fired { get; } = new bool[nodes];

    public void Write(Utf8JsonWriter w)
    {
        w.WriteStartObject();
        w.WriteNumber("s", Start);
        Numbers("v", Visits);
        Numbers("c", Consumed);
        Numbers("a", Arrivals);
        Flags("f", Followed);
        Flags("r", Fired);
        w.WriteEndObject();

        // Trailing zeros are left out: most of a chart is not reached yet when it waits.
        void Numbers(string name, int[] values)
        {
            var length = Array.FindLastIndex(values, v => v != 0) + 1;
            if (length == 0)
                return;
            w.WriteStartArray(name);
            for (var i = 0; i < length; i++)
                w.WriteNumberValue(values[i]);
            w.WriteEndArray();
        }

        void Flags(string name, bool[] values)
        {
            if (!values.Contains(true))
                return;
            w.WriteStartArray(name);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i])
                    w.WriteNumberValue(i);
            }

            w.WriteEndArray();
        }
    }

    public static FlowState Read(JsonElement j, int nodes, int connections)
    {
        var state = new FlowState(Math.Clamp(j.GetProperty("s").GetInt32(), 0, Math.Max(0, nodes - 1)), nodes, connections);
        Numbers("v", state.Visits);
        Numbers("c", state.Consumed);
        Numbers("a", state.Arrivals);
        Flags("f", state.Followed);
        Flags("r", state.Fired);
        return state;

        void Numbers(string name, int[] values)
        {
            if (!j.TryGetProperty(name, out var list))
                return;
            var i = 0;
            foreach (var item in list.EnumerateArray())
            {
                if (i < values.Length)
                    values[i++] = item.GetInt32();
            }
        }

        void Flags(string name, bool[] values)
        {
            if (!j.TryGetProperty(name, out var list))
                return;
            foreach (var item in list.EnumerateArray())
            {
                if (item.GetInt32() is var i && i < values.Length)
                    values[i] = true;
            }
        }
    }
}
