using System.Text.Json;
using System.Text.Json.Serialization;

namespace Automation.Intake.Mapping;

/// <summary>A mappings file that cannot be used; the message begins with file and line.</summary>
internal sealed class MappingFileException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Reads <c>workflows/mappings.json</c>: <c>{ "rules": [ … ] }</c>.</summary>
internal static class MappingFile
{
    private static readonly JsonReaderOptions ReaderOptions = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <exception cref="MappingFileException">The file is broken; file, line and reason are in the message.</exception>
    public static IReadOnlyList<CompiledRule> Read(string file, ReadOnlySpan<byte> json, ExpressionCompiler expressions)
    {
        json = Identification.PayloadReader.WithoutMark(json);
        MappingDocument document;
        try
        {
            document = JsonSerializer.Deserialize(json, MappingJson.Default.MappingDocument) ?? throw new JsonException("An object with \"rules\" is wanted.");
        }
        catch (JsonException e)
        {
            throw new MappingFileException($"{file}({(e.LineNumber ?? 0) + 1}): {JsonReason.Of(e)}", e);
        }

        var lines = RuleLines(json);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var rules = new List<CompiledRule>();
        for (var i = 0; i < document.Rules.Count; i++)
        {
            var rule = document.Rules[i] ?? throw new MappingFileException($"{file}({lines[i]}): A rule is wanted, not null.");
            if (rule is { Id.Length: 0, Flow: not null })
                throw new MappingFileException($"{file}({lines[i]}): A rule with \"flow\" needs an \"id\": what waits is kept under it.");
            if (rule.Id.Length == 0)
                rule = rule with { Id = $"{rule.Source}:{rule.Type}→{rule.Workflow}" };
            if (!ids.TryAdd(rule.Id, lines[i]))
                throw new MappingFileException($"{file}({lines[i]}): The rule \"{rule.Id}\" is there already, on line {ids[rule.Id]}; give one of them another \"id\".");
            try
            {
                rules.Add(new CompiledRule(rule, expressions));
            }
            catch (FormatException e)
            {
                throw new MappingFileException($"{file}({lines[i]}): Rule \"{rule.Id}\": {e.Message}", e);
            }
        }

        return rules;
    }

    /// <summary>The line, from 1, on which each element of "rules" begins.</summary>
    private static List<int> RuleLines(ReadOnlySpan<byte> json)
    {
        var lines = new List<int>();
        var reader = new Utf8JsonReader(json, ReaderOptions);
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName || !reader.ValueTextEquals("rules"))
                continue;
            reader.Read();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                lines.Add(json[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1);
                reader.Skip();
            }
        }

        return lines;
    }
}

/// <summary>The mappings file as written.</summary>
internal sealed record MappingDocument
{
    public IReadOnlyList<MappingRule> Rules { get; set; } = [];
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(MappingDocument))]
internal sealed partial class MappingJson : JsonSerializerContext;
