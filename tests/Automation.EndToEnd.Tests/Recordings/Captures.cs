using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>
/// What was recorded from a genuine server and a genuine Studio (<c>../shared/elsa/captures</c> and <c>studio</c>), and how ours
/// is compared with it: every member with the same value, every element of a list in its place; more is allowed.
/// </summary>
internal static partial class Captures
{
    /// <summary>What each run makes anew; of these only the presence and the kind are compared.</summary>
    private static readonly HashSet<string> MadeAnew = new(StringComparer.Ordinal)
    {
        "id", "definitionVersionId", "workflowInstanceId", "activityInstanceId", "parentActivityInstanceId", "parentInstanceId", "parentWorkflowInstanceId",
        "ownerActivityInstanceId", "parentContextId", "ownerInstanceId", "hash", "taskId", "accessToken", "refreshToken", "packageVersion", "toolVersion", "totalCount",
        // Names of methods there, and texts for people, which are our own.
        "callbackMethodName", "methodName", "description",
    };

    private static string Root { get; } = Path.Combine(ServerUnderTest.RepositoryRoot, "..", "shared", "elsa");

    public static bool AreHere { get; } = Directory.Exists(Path.Combine(Root, "captures"));

    /// <summary>All files, as paths below the folder of the recordings.</summary>
    public static IEnumerable<string> Files => AreHere
        ? new[] { "captures", "studio" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)
        : [];

    public static string Text(string file) => File.ReadAllText(Path.Combine(Root, file));

    public static JsonNode Json(string file) => JsonNode.Parse(Text(file))!;

    /// <summary>What ours lacks or has otherwise.</summary>
    public static IEnumerable<string> Differences(JsonNode? recorded, JsonNode? ours, string path = "$")
    {
        switch (recorded)
        {
            case null:
                return [];
            case JsonObject expected:
                return ours is JsonObject actual
                    ? expected.SelectMany(m => MadeAnew.Contains(m.Key) ? Kind(m.Value, actual[m.Key], $"{path}.{m.Key}") : Differences(m.Value, actual[m.Key], $"{path}.{m.Key}"))
                    : [Difference(path, recorded, ours)];
            case JsonArray expected:
                return ours is JsonArray list && list.Count >= expected.Count
                    ? expected.SelectMany((item, i) => Differences(item, list[i], $"{path}[{i}]"))
                    : [Difference(path, recorded, ours)];
            default:
                return ours is JsonValue && Normal(recorded) == Normal(ours) ? [] : [Difference(path, recorded, ours)];
        }
    }

    /// <summary>The same for lists whose order means nothing.</summary>
    public static IEnumerable<string> DifferencesByKey(JsonArray recorded, JsonArray ours, string key) =>
        recorded.SelectMany(item => Differences(
            item, ours.FirstOrDefault(o => o![key]!.GetValue<string>() == item![key]!.GetValue<string>()), $"$[{item![key]}]"));

    private static IEnumerable<string> Kind(JsonNode? recorded, JsonNode? ours, string path) =>
        recorded is null || recorded.GetValueKind() == ours?.GetValueKind() ? [] : [Difference(path, recorded, ours)];

    private static string Difference(string path, JsonNode recorded, JsonNode? ours) => $"{path}: recorded {Short(recorded)}, ours {(ours is null ? "nothing" : Short(ours))}";

    private static string Short(JsonNode value) => value.ToJsonString() is { Length: > 200 } text ? text[..200] + "…" : value.ToJsonString();

    private static string Normal(JsonNode value)
    {
        var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
        return Port().Replace(Id().Replace(Time().Replace(text, "<time>"), "<id>"), "<server>");
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", RegexOptions.None, 1000)]
    private static partial Regex Time();

    [GeneratedRegex(@"\b([0-9a-f]{14,16}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", RegexOptions.None, 1000)]
    private static partial Regex Id();

    [GeneratedRegex(@"127\.0\.0\.1:\d+", RegexOptions.None, 1000)]
    private static partial Regex Port();
}
