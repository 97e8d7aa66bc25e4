using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Automation.Workflows.Tests.Engine.Conformance;

/// <summary>The recorded cases that stand beside the repository; see their README for the form.</summary>
internal static class ConformanceCases
{
    /// <summary>Steps that need nothing but the engine and a host in memory.</summary>
    private static readonly HashSet<string> EngineSteps = new(StringComparer.Ordinal) { "execute", "dispatch", "event", "task", "cancel", "wait", "find", "sleep" };

    /// <summary>Outcomes that come from the server around the engine.</summary>
    private static readonly Dictionary<string, string> NotOfTheEngine = new(StringComparer.Ordinal)
    {
        ["scheduling-006"] = "triggers by the clock",
        ["scheduling-007"] = "triggers by the clock",
    };

    public static string? Folder { get; } = Find();

    public static IEnumerable<string> Engine()
    {
        if (Folder is null)
            yield break;
        foreach (var file in Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal))
        {
            var json = Load(Path.GetFileNameWithoutExtension(file));
            if (json["steps"]!.AsArray().All(s => EngineSteps.Contains((string)s!["do"]!)) && json["observeInstances"]?.GetValue<bool>() is not false
                && !NotOfTheEngine.ContainsKey(Path.GetFileNameWithoutExtension(file)))
            {
                yield return Path.GetFileNameWithoutExtension(file);
            }
        }
    }

    public static JsonObject Load(string id) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder!, id + ".json")))!.AsObject();

    private static string? Find([CallerFilePath] string source = "")
    {
        for (var folder = new DirectoryInfo(Path.GetDirectoryName(source)!); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "Automation.sln")))
                continue;
            var cases = Path.Combine(folder.FullName, "..", "shared", "elsa", "conformance", "cases");
            return Directory.Exists(cases) ? cases : null;
        }

        return null;
    }
}
