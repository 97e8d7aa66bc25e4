using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;

namespace Automation.Studio.Api.Descriptors;

/// <summary>The list of activities as it is sent.</summary>
internal sealed record DescriptorDocument(byte[] Json, byte[] Brotli, string Tag);

/// <summary>
/// All activities that a definition may use: those of the program and the workflows that may be used as activities.
/// Choices of drop-downs are as the server has them at the moment.
/// </summary>
internal sealed class ActivityDescriptors : IDisposable
{
    private readonly ActivityCatalog _activities;
    private readonly WorkflowDefinitionManager _definitions;
    private readonly DefinitionQueries _queries;
    private readonly IReadOnlyList<ChoiceList> _lists;
    private readonly IDisposable _listening;
    private readonly SemaphoreSlim _one = new(1, 1);
    private DescriptorDocument? _document;
    private List<ActivityDescriptor> _composites = [];
    private long _changes;
    private long _seen = -1;

    public ActivityDescriptors(
        ActivityCatalog activities, WorkflowCatalog workflows, WorkflowDefinitionManager definitions, DefinitionQueries queries, IEnumerable<ChoiceList> lists)
    {
        _activities = activities;
        _definitions = definitions;
        _queries = queries;
        _lists = [.. lists];
        _listening = workflows.OnChanged(_ => Interlocked.Increment(ref _changes));
    }

    public async Task<DescriptorDocument> AllAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var json = Write(await ListAsync(cancellationToken));
            var tag = Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8));
            if (_document?.Tag != tag)
                _document = new DescriptorDocument(json, Compress(json), tag);
            return _document;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Whether there is a descriptor for a type.</summary>
    public async Task<Func<string, bool>> KnownAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var composites = (await CompositesAsync(cancellationToken)).Select(c => c.TypeName).ToHashSet(StringComparer.Ordinal);
            return type => _activities.IsKnown(type) || composites.Contains(type);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>A type by name; version 0 for the newest, or for what is in force.</summary>
    public async Task<ActivityDescriptor?> FindAsync(string typeName, int version, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return (await ListAsync(cancellationToken))
                .Where(d => d.TypeName == typeName && (version == 0 || d.Version == version))
                .OrderByDescending(d => d.IsBrowsable).ThenByDescending(d => d.Version)
                .FirstOrDefault();
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose()
    {
        _listening.Dispose();
        _one.Dispose();
    }

    private async Task<List<ActivityDescriptor>> ListAsync(CancellationToken cancellationToken)
    {
        var choices = new Dictionary<string, IReadOnlyList<Choice>>(StringComparer.Ordinal);
        foreach (var list in _lists)
            choices[list.Name] = await list.ReadAsync(cancellationToken);
        List<ActivityDescriptor> all = [.. _activities.Descriptors.Select(d => WithChoices(d, choices))];
        var known = all.Select(d => (d.TypeName, d.Version)).ToHashSet();
        // The Studio takes two descriptors of one type and version for a fault of its own.
        all.AddRange((await CompositesAsync(cancellationToken)).Where(d => known.Add((d.TypeName, d.Version))));
        return all;
    }

    private async Task<List<ActivityDescriptor>> CompositesAsync(CancellationToken cancellationToken)
    {
        var changes = Volatile.Read(ref _changes);
        if (_seen != changes)
        {
            _composites = await WorkflowsAsync(cancellationToken);
            _seen = changes;
        }

        return _composites;
    }

    private static ActivityDescriptor WithChoices(ActivityDescriptor descriptor, Dictionary<string, IReadOnlyList<Choice>> choices) =>
        descriptor.Inputs.Any(i => i.OptionsFrom is not null)
            ? descriptor with { Inputs = [.. descriptor.Inputs.Select(i => i.OptionsFrom is { } list ? i with { UISpecifications = Specifications(list, choices.GetValueOrDefault(list) ?? []) } : i)] }
            : descriptor;

    private static Dictionary<string, object?> Specifications(string list, IReadOnlyList<Choice> choices) => new(StringComparer.Ordinal)
    {
        ["dropdown"] = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["selectList"] = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["items"] = choices.Select(object? (c) => new Dictionary<string, object?>(StringComparer.Ordinal) { ["text"] = c.Text, ["value"] = c.Value }).ToList(),
                ["isFlagsEnum"] = false,
            },
            ["providerName"] = list,
        },
    };

    private async Task<List<ActivityDescriptor>> WorkflowsAsync(CancellationToken cancellationToken)
    {
        var descriptors = new List<ActivityDescriptor>();
        var page = await _queries.ListAsync(
            new DefinitionFilter { Version = new VersionOptions(VersionSelection.LatestOrPublished), UsableAsActivity = true }, cancellationToken);
        foreach (var summary in page.Items.OrderByDescending(s => s.IsPublished).ThenByDescending(s => s.Version))
        {
            if (await _definitions.FindVersionAsync(summary.Id, cancellationToken) is { } stored)
                descriptors.Add(WorkflowActivities.Describe(stored.ToDefinition()));
        }

        return descriptors;
    }

    private static byte[] Write(List<ActivityDescriptor> descriptors)
    {
        var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, JsonValues.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("items");
            foreach (var descriptor in descriptors)
                descriptor.Write(writer);
            writer.WriteEndArray();
            writer.WriteNumber("count", descriptors.Count);
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static byte[] Compress(byte[] json)
    {
        var buffer = new MemoryStream();
        using (var brotli = new BrotliStream(buffer, CompressionLevel.Optimal))
            brotli.Write(json);
        return buffer.ToArray();
    }
}
