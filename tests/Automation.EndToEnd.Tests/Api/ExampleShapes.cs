using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.EndToEnd.Tests.Api;

/// <summary>Whether two answers are of one shape: the same members of the same kinds, whatever they hold.</summary>
internal static class ExampleShapes
{
    private const int Shown = 2;

    private const int Longest = 700;

    /// <summary>An answer as an example shows it: of long lists the first two, of long texts the beginning.</summary>
    public static JsonNode? Short(JsonNode? node) => node switch
    {
        JsonArray list => new JsonArray([.. list.Take(Shown).Select(Short)]),
        JsonObject thing => new JsonObject(thing.Select(m => KeyValuePair.Create(m.Key, Short(m.Value)))),
        JsonValue value when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() is { Length: > Longest } text => JsonValue.Create(text[..Longest] + "…"),
        _ => node?.DeepClone(),
    };

    /// <summary>What of the answer is not as the example has it; what is null or empty on either side says nothing.</summary>
    public static IEnumerable<string> Differences(JsonNode? example, JsonNode? answer, string at = "answer")
    {
        switch (example, answer)
        {
            case (null, _) or (_, null):
                return [];
            case (JsonObject a, JsonObject b):
                return a.Where(m => !b.ContainsKey(m.Key)).Select(m => $"{at}.{m.Key} is gone")
                    .Concat(b.Where(m => !a.ContainsKey(m.Key)).Select(m => $"{at}.{m.Key} is not in the example"))
                    .Concat(a.Where(m => b.ContainsKey(m.Key)).SelectMany(m => Differences(m.Value, b[m.Key], $"{at}.{m.Key}")));
            case (JsonArray a, JsonArray b):
                return a.Zip(b).SelectMany((pair, i) => Differences(pair.First, pair.Second, $"{at}[{i}]"));
            default:
                var (was, now) = (Kind(example), Kind(answer));
                return was == now ? [] : [$"{at} was {was} and is {now}"];
        }
    }

    private static JsonValueKind Kind(JsonNode node) => node.GetValueKind() is var kind && kind == JsonValueKind.False ? JsonValueKind.True : kind;
}
