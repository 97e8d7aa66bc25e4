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
/// Written anew when what is in force changes.
/// </summary>
internal sealed class ActivityDescriptors : IDisposable
{
    private readonly ActivityCatalog _activities;
    private readonly WorkflowDefinitionManager _definitions;
    private readonly DefinitionQueries _queries;
    private readonly IReadOnlyList<IDescriptorEditor> _editors;
    private readonly IDisposable _listening;
    private readonly SemaphoreSlim _one = new(1, 1);
    private DescriptorDocument? _document;
    private long _changes;
    private long _written = -1;

    public ActivityDescriptors(
        ActivityCatalog activities, WorkflowCatalog workflows, WorkflowDefinitionManager definitions, DefinitionQueries queries, IEnumerable<IDescriptorEditor> editors)
    {
        _activities = activities;
        _definitions = definitions;
        _queries = queries;
        _editors = [.. editors];
        _listening = workflows.OnChanged(_ => Interlocked.Increment(ref _changes));
    }

    public async Task<DescriptorDocument> AllAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var changes = Volatile.Read(ref _changes);
            if (_document is { } known && _written == changes)
                return known;
            var json = Write(await ListAsync(cancellationToken));
            var tag = Convert.ToHexStringLower(SHA256.HashData(json).AsSpan(0, 8));
            _document = _document?.Tag == tag ? _document : new DescriptorDocument(json, Compress(json), tag);
            _written = changes;
            return _document;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>A type by name; version 0 for the newest, or for what is in force.</summary>
    public async Task<ActivityDescriptor?> FindAsync(string typeName, int version, CancellationToken cancellationToken) =>
        (await ListAsync(cancellationToken))
            .Where(d => d.TypeName == typeName && (version == 0 || d.Version == version))
            .OrderByDescending(d => d.IsBrowsable).ThenByDescending(d => d.Version)
            .FirstOrDefault();

    public void Dispose()
    {
        _listening.Dispose();
        _one.Dispose();
    }

    private async Task<List<ActivityDescriptor>> ListAsync(CancellationToken cancellationToken)
    {
        var all = new List<ActivityDescriptor>();
        foreach (var descriptor in _activities.Descriptors)
            all.Add(await EditAsync(descriptor, cancellationToken));
        var known = all.Select(d => (d.TypeName, d.Version)).ToHashSet();
        // The Studio takes two descriptors of one type and version for a fault of its own.
        all.AddRange((await WorkflowsAsync(cancellationToken)).Where(d => known.Add((d.TypeName, d.Version))));
        return all;
    }

    private async ValueTask<ActivityDescriptor> EditAsync(ActivityDescriptor descriptor, CancellationToken cancellationToken)
    {
        foreach (var editor in _editors)
            descriptor = await editor.EditAsync(descriptor, cancellationToken);
        return descriptor;
    }

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

/// <summary>Changes descriptors before designers see them: choices that only the running server knows.</summary>
internal interface IDescriptorEditor
{
    /// <summary>The descriptor as designers shall see it.</summary>
    ValueTask<ActivityDescriptor> EditAsync(ActivityDescriptor descriptor, CancellationToken cancellationToken);
}
