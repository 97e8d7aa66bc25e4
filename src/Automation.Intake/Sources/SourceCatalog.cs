using System.Collections.Frozen;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Sources;

/// <summary>A source as people see it.</summary>
/// <param name="Slug">The last part of its path.</param>
/// <param name="Preset">Name of its preset.</param>
/// <param name="Title">The sender's name for people.</param>
/// <param name="Open">Whether events are taken although nothing verifies them.</param>
/// <param name="Verified">Whether anything is verified.</param>
public sealed record SourceInfo(string Slug, string Preset, string Title, bool Open, bool Verified)
{
    /// <summary>The event types that its sender is known to send.</summary>
    public IReadOnlyList<string> EventTypes { get; init; } = [];
}

/// <summary>The configured sources.</summary>
public sealed class SourceCatalog
{
    private readonly FrozenDictionary<string, Source> _sources;
    private readonly FrozenDictionary<string, Source>.AlternateLookup<ReadOnlySpan<char>> _bySlug;

    /// <summary>Compiles the sources; the options have been validated at start.</summary>
    /// <exception cref="OptionsValidationException">A source's settings do not hold; each message names key, value and allowed range.</exception>
    public SourceCatalog(IOptions<IntakeOptions> options, PresetCatalog presets)
    {
        var errors = new List<string>();
        _sources = Build(options.Value, presets, errors).ToFrozenDictionary(s => s.Slug, StringComparer.OrdinalIgnoreCase);
        if (errors.Count > 0)
            throw new OptionsValidationException(Options.DefaultName, typeof(IntakeOptions), errors);
        _bySlug = _sources.GetAlternateLookup<ReadOnlySpan<char>>();
        Presets = presets;
    }

    /// <summary>The presets that sources can refer to.</summary>
    public PresetCatalog Presets { get; }

    /// <summary>All sources, by slug.</summary>
    public IReadOnlyList<SourceInfo> All =>
        [.. _sources.Values.OrderBy(s => s.Slug, StringComparer.Ordinal).Select(s => new SourceInfo(s.Slug, s.Preset.Name, s.Preset.Title, s.Open, s.Verifies) { EventTypes = [.. s.Preset.KnownTypes] })];

    /// <summary>The sources that anybody can send to.</summary>
    public IEnumerable<string> Unverified => _sources.Values.Where(s => s.Open && !s.Verifies).Select(s => s.Slug).Order(StringComparer.Ordinal);

    internal Source? Find(ReadOnlySpan<char> slug) => _bySlug.TryGetValue(slug, out var source) ? source : null;

    internal static List<Source> Build(IntakeOptions options, PresetCatalog presets, List<string> errors) =>
        [.. options.Sources.Select(s => new SourceBuilder(s.Key, s.Value, options, presets, errors).Build()).OfType<Source>()];
}
