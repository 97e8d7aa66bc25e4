using System.Collections;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Expressions.JavaScript.Hosting;

/// <summary>How long a host's value is when written out, roughly.</summary>
internal static class HostSizes
{
    /// <summary>Counts characters of text and parts, and stops when there are more than <paramref name="most"/>.</summary>
    public static long Of(object? value, long most)
    {
        long size = 0;
        var open = new Stack<object?>();
        open.Push(value);
        while (size <= most && open.TryPop(out var part))
        {
            size += 8;
            switch (part)
            {
                case string text:
                    size += text.Length;
                    break;
                case JsonElement element:
                    size += JsonMarshal.GetRawUtf8Value(element).Length;
                    break;
                case JsonNode node:
                    size += node.ToJsonString().Length;
                    break;
                case IDictionary map:
                    foreach (DictionaryEntry entry in map)
                    {
                        open.Push(entry.Key);
                        open.Push(entry.Value);
                    }

                    break;
                case IEnumerable<KeyValuePair<string, object?>> map:
                    foreach (var (name, item) in map)
                    {
                        open.Push(name);
                        open.Push(item);
                    }

                    break;
                case byte[] bytes:
                    size += bytes.Length;
                    break;
                case IEnumerable list:
                    foreach (var item in list)
                        open.Push(item);
                    break;
            }
        }

        return size;
    }
}
