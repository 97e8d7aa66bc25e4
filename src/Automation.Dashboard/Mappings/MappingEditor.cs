using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Intake.Mapping;

namespace Automation.Dashboard.Mappings;

/// <summary>A change of the rules that cannot be made; the message says why.</summary>
internal sealed class MappingRefusedException(string message) : Exception(message);

/// <summary>The rules as the mappings file has them, and what its text was when it was read.</summary>
/// <param name="Rules">The rules, each with the id that it goes by.</param>
/// <param name="Version">Changes with the file.</param>
internal sealed record RulesOfFile(IReadOnlyList<(string Id, JsonObject Rule)> Rules, string Version);

/// <summary>Changes single rules of the mappings file. The rest of the file stays as it is but for its comments.</summary>
internal sealed class MappingEditor(MappingStore store)
{
    private static readonly JsonSerializerOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly SemaphoreSlim _one = new(1);

    /// <summary>Reads the rules of the file.</summary>
    /// <exception cref="MappingRefusedException">The file cannot be read.</exception>
    public async Task<RulesOfFile> ReadAsync(CancellationToken cancellationToken)
    {
        var (rules, version, _) = await LoadAsync(cancellationToken);
        return new RulesOfFile([.. rules.OfType<JsonObject>().Select(r => (MappingChange.IdOf(r), r))], version);
    }

    /// <summary>Puts a rule in place of another, or behind the others.</summary>
    /// <param name="replaces">Id of the rule that it replaces; null to add it.</param>
    /// <param name="rule">The rule; null to remove the one that it would replace.</param>
    /// <param name="version">The version of the file that the change was made for; null for whatever it is.</param>
    /// <param name="by">Who does it.</param>
    /// <param name="note">What they write to it; null for nothing.</param>
    /// <param name="cancellationToken">Ends it before anything is written.</param>
    /// <exception cref="MappingRefusedException">The rule cannot be used, or the file has been changed meanwhile.</exception>
    public async Task SaveAsync(string? replaces, JsonObject? rule, string? version, string? by, string? note, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var (rules, current, seen) = await LoadAsync(cancellationToken);
            if (version is { Length: > 0 } && version != current)
                throw new MappingRefusedException("The mappings have been changed by somebody else meanwhile. Load the page again and repeat your change.");
            var at = replaces is null ? -1 : rules.ToList().FindIndex(r => r is JsonObject o && MappingChange.IdOf(o) == replaces);
            if (replaces is not null && at < 0)
                throw new MappingRefusedException($"There is no rule \"{replaces}\" in the mappings file any more.");
            if (at >= 0)
                rules.RemoveAt(at);
            if (rule is not null)
                rules.Insert(at < 0 ? rules.Count : at, rule);

            // A rule on each line: people read and compare this file, too.
            var lines = string.Join(",\n", rules.Select(r => "    " + r!.ToJsonString(Line)));
            var file = Encoding.UTF8.GetBytes(rules.Count == 0 ? "{\n  \"rules\": []\n}\n" : $"{{\n  \"rules\": [\n{lines}\n  ]\n}}\n");
            if (store.Check(file).Problem is { } problem)
                throw new MappingRefusedException(problem[(problem.IndexOf("): ", StringComparison.Ordinal) is > 0 and var i ? i + 3 : 0)..]);
            await store.ApplyAsync(file, by, note, seen, cancellationToken: cancellationToken);
        }
        catch (MappingConflictException e)
        {
            throw new MappingRefusedException(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MappingRefusedException("The mappings file cannot be written: " + e.Message);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<(JsonArray Rules, string Text, long Version)> LoadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var (bytes, version) = await store.ReadAsync(cancellationToken);
            var text = Convert.ToHexString(SHA256.HashData(bytes))[..16];
            if (bytes.Length == 0)
                return ([], text, version);
            var root = JsonNode.Parse(bytes, documentOptions: Lenient) as JsonObject;
            var rules = root?["rules"] as JsonArray ?? [];
            root?.Remove("rules");
            return (rules, text, version);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new MappingRefusedException("The mappings file cannot be read: " + e.Message);
        }
    }
}
