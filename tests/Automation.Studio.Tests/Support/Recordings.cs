using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Studio.Tests.Support;

/// <summary>What was recorded from genuine parts. It lies beside the clone, so tests that need it are skipped elsewhere.</summary>
internal static class Recordings
{
    private static readonly string? Root = Find();

    public static string Require(string path)
    {
        Assert.SkipWhen(Root is null, "The recordings of genuine parts (../shared/elsa) are not here.");
        return Path.Combine(Root!, path);
    }

    public static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(Require(path)))!;

    /// <summary>
    /// Whether everything of a recorded value is there: every member with a value of the same kind, and every element of a list in
    /// its place. More is allowed, less is not. Texts and numbers are not compared: ids and times differ.
    /// </summary>
    public static IEnumerable<string> Missing(JsonNode? recorded, JsonNode? ours, string path = "$")
    {
        switch (recorded)
        {
            case null:
                yield break;
            case JsonObject expected:
                if (ours is not JsonObject actual)
                {
                    yield return $"{path}: expected an object, got {ours?.ToJsonString() ?? "nothing"}";
                    yield break;
                }

                foreach (var (name, value) in expected)
                {
                    foreach (var problem in Missing(value, actual[name], $"{path}.{name}"))
                        yield return problem;
                }

                break;
            case JsonArray expected:
                if (ours is not JsonArray list || list.Count < expected.Count)
                {
                    yield return $"{path}: expected a list of at least {expected.Count}, got {ours?.ToJsonString() ?? "nothing"}";
                    yield break;
                }

                for (var i = 0; i < expected.Count; i++)
                {
                    foreach (var problem in Missing(expected[i], list[i], $"{path}[{i}]"))
                        yield return problem;
                }

                break;
            default:
                if (ours is null || KindOf(ours) != KindOf(recorded))
                    yield return $"{path}: expected {recorded.ToJsonString()}, got {ours?.ToJsonString() ?? "nothing"}";
                break;
        }
    }

    private static JsonValueKind KindOf(JsonNode value) => value.GetValueKind() is JsonValueKind.False ? JsonValueKind.True : value.GetValueKind();

    private static string? Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Automation.sln")))
            directory = directory.Parent;
        var recordings = directory?.Parent is { } beside ? Path.Combine(beside.FullName, "shared", "elsa") : null;
        return Directory.Exists(recordings) ? recordings : null;
    }
}
