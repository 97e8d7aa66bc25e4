using System.Text.Json;
using System.Text.Json.Serialization;

namespace Automation.Intake.Sources;

/// <summary>The senders that are known: those that ship with the program, and those described in files.</summary>
public sealed class PresetCatalog
{
    private readonly Dictionary<string, Preset> _presets = new(StringComparer.OrdinalIgnoreCase);

    private PresetCatalog()
    {
    }

    /// <summary>All presets by name.</summary>
    public IReadOnlyDictionary<string, Preset> All => _presets;

    /// <summary>Loads the presets that ship, then those of a folder, which may replace them.</summary>
    /// <param name="directory">Folder with one JSON file for each preset, or null.</param>
    /// <exception cref="FormatException">A file is not a preset; the message names file, place and reason.</exception>
    public static PresetCatalog Load(string? directory = null)
    {
        var catalog = new PresetCatalog();
        var assembly = typeof(PresetCatalog).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".preset.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            catalog.Add(stream, name);
        }

        if (directory is not null)
        {
            var described = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var file in Directory.EnumerateFiles(directory, "*.json").Order(StringComparer.Ordinal))
            {
                using var stream = File.OpenRead(file);
                var name = catalog.Add(stream, file);
                if (!described.TryAdd(name, Path.GetFileName(file)))
                    throw new FormatException($"{file}: {described[name]} describes \"{name}\" already; give one of them another name.");
            }
        }

        return catalog;
    }

    private string Add(Stream stream, string origin)
    {
        Preset preset;
        try
        {
            preset = JsonSerializer.Deserialize(stream, PresetJson.Default.Preset) ?? throw new JsonException("null is not a preset");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{origin}({(e.LineNumber ?? 0) + 1},{(e.BytePositionInLine ?? 0) + 1}): {JsonReason.Of(e)}", e);
        }

        if (PresetCheck.Faults(preset) is { Count: > 0 } faults)
            throw new FormatException($"{origin}: {string.Join("; ", faults)}.");
        _presets[preset.Name] = preset;
        return preset.Name;
    }
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Preset))]
internal sealed partial class PresetJson : JsonSerializerContext;
