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

    /// <summary>Whether it was made in the console or by the API, where it can be changed; otherwise it is the configuration's.</summary>
    public bool IsEditable { get; init; }
}

/// <summary>The sources: those of the configuration, and those that people made (<see cref="SourceEditor"/>).</summary>
public sealed class SourceCatalog
{
    private readonly IntakeOptions _options;
    private readonly FrozenDictionary<string, Source> _configured;
    private volatile Snapshot _now;

    /// <summary>Compiles the configured sources; the options have been validated at start.</summary>
    /// <exception cref="OptionsValidationException">A source's settings do not hold; each message names key, value and allowed range.</exception>
    public SourceCatalog(IOptions<IntakeOptions> options, PresetCatalog presets)
    {
        var errors = new List<string>();
        _options = options.Value;
        _configured = Build(_options, presets, errors).ToFrozenDictionary(s => s.Slug, StringComparer.OrdinalIgnoreCase);
        if (errors.Count > 0)
            throw new OptionsValidationException(Options.DefaultName, typeof(IntakeOptions), errors);
        _now = new Snapshot(_configured);
        Presets = presets;
    }

    /// <summary>The presets that sources can refer to.</summary>
    public PresetCatalog Presets { get; }

    /// <summary>All sources, by slug.</summary>
    public IReadOnlyList<SourceInfo> All => _now.Infos;

    /// <summary>The sources that anybody can send to.</summary>
    public IEnumerable<string> Unverified => _now.Sources.Values.Where(s => s.Open && !s.Verifies).Select(s => s.Slug).Order(StringComparer.Ordinal);

    /// <summary>The settings of a source, secrets included: not to be shown. Null where there is none.</summary>
    public SourceOptions? Settings(string slug) => Find(slug)?.Settings;

    /// <summary>What is wrong with the settings of a source; empty where they hold.</summary>
    public IReadOnlyList<string> Check(string slug, SourceOptions settings)
    {
        var errors = new List<string>();
        new SourceBuilder(slug, settings, _options, Presets, errors).Build();
        // Here it is a form or a request, not a key of the configuration.
        return [.. errors.Select(e => e.Replace($"Automation:Intake:Sources:{slug}:", "", StringComparison.Ordinal).Replace("Automation:Intake:Sources: ", "", StringComparison.Ordinal))];
    }

    internal Source? Find(ReadOnlySpan<char> slug) => _now.BySlug.TryGetValue(slug, out var source) ? source : null;

    /// <summary>The settings of a source of the configuration; null where it is none.</summary>
    internal SourceOptions? Configured(string slug) => _configured.GetValueOrDefault(slug)?.Settings;

    /// <summary>Whether settings that hold leave a source that verifies nothing.</summary>
    internal bool VerifiesNothing(string slug, SourceOptions settings) => new SourceBuilder(slug, settings, _options, Presets, []).Build() is { Verifies: false };

    /// <summary>Takes over the sources that people made, in place of those that they had made before.</summary>
    /// <returns>Why some of them cannot be used.</returns>
    internal IReadOnlyList<string> Use(IReadOnlyList<StoredSource> stored)
    {
        var problems = new List<string>();
        var sources = new Dictionary<string, Source>(_configured, StringComparer.OrdinalIgnoreCase);
        foreach (var one in stored)
        {
            var errors = new List<string>();
            if (_configured.ContainsKey(one.Slug))
                problems.Add($"The source \"{one.Slug}\" that was made in the console is not used: the configuration has one of that name.");
            else if (one.Settings is null)
                problems.Add($"The settings of the source \"{one.Slug}\" cannot be decrypted: the server's keys have changed. Set it up again.");
            else if (Find(one.Slug) is { } same && same.Version == one.Version)
                // What it counts for its limits goes on.
                sources[one.Slug] = same;
            else if (new SourceBuilder(one.Slug, one.Settings, _options, Presets, errors) { Version = one.Version }.Build() is { } source)
                sources[one.Slug] = source;
            else
                problems.Add($"The source \"{one.Slug}\" that was made in the console cannot be used: {string.Join(' ', errors)}");
        }

        _now = new Snapshot(sources.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase));
        return problems;
    }

    internal static List<Source> Build(IntakeOptions options, PresetCatalog presets, List<string> errors) =>
        [.. options.Sources.Select(s => new SourceBuilder(s.Key, s.Value, options, presets, errors).Build()).OfType<Source>()];

    private sealed class Snapshot
    {
        public Snapshot(FrozenDictionary<string, Source> sources)
        {
            Sources = sources;
            BySlug = sources.GetAlternateLookup<ReadOnlySpan<char>>();
            Infos = [.. sources.Values.OrderBy(s => s.Slug, StringComparer.Ordinal).Select(s =>
                new SourceInfo(s.Slug, s.Preset.Name, s.Preset.Title, s.Open, s.Verifies) { EventTypes = [.. s.Preset.KnownTypes], IsEditable = s.Version > 0 })];
        }

        public FrozenDictionary<string, Source> Sources { get; }

        public FrozenDictionary<string, Source>.AlternateLookup<ReadOnlySpan<char>> BySlug { get; }

        public IReadOnlyList<SourceInfo> Infos { get; }
    }
}
