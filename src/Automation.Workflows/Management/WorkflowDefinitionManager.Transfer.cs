using System.IO.Compression;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Runtime;

namespace Automation.Workflows.Management;

/// <summary>A file to download.</summary>
/// <param name="FileName">Its name.</param>
/// <param name="ContentType"><c>application/json</c>, or <c>application/zip</c> for several definitions.</param>
/// <param name="Content">Its bytes.</param>
public sealed record DefinitionExport(string FileName, string ContentType, byte[] Content);

/// <summary>What importing one definition did.</summary>
/// <param name="Definition">The draft that it is now.</param>
/// <param name="IsNew">Whether the definition was unknown before.</param>
public sealed record ImportedDefinition(StoredDefinition Definition, bool IsNew);

public sealed partial class WorkflowDefinitionManager
{
    private const int MaxArchiveEntries = 10_000;
    private const long MaxArchiveBytes = 256 * 1024 * 1024;

    /// <summary>A definition as a file; with those that use it as an activity, if asked for, as an archive.</summary>
    /// <returns>Null where there is no such version.</returns>
    public async Task<DefinitionExport?> ExportAsync(string definitionId, VersionOptions version, bool includeConsumers = false, CancellationToken cancellationToken = default) =>
        await FindAsync(definitionId, version, cancellationToken) is { } found
            ? await ExportAsync([found], includeConsumers, cancellationToken)
            : null;

    /// <summary>Versions as an archive, or as a file where it is one; unknown ids are left out.</summary>
    /// <returns>Null where none is known.</returns>
    public async Task<DefinitionExport?> ExportVersionsAsync(IEnumerable<string> versionIds, bool includeConsumers = false, CancellationToken cancellationToken = default)
    {
        var found = new List<StoredDefinition>();
        foreach (var id in versionIds.Distinct(StringComparer.Ordinal))
        {
            if (await FindVersionAsync(id, cancellationToken) is { } version)
                found.Add(version);
        }

        return found.Count == 0 ? null : await ExportAsync(found, includeConsumers, cancellationToken);
    }

    /// <summary>Saves definitions as drafts: all of them, or none where one has errors.</summary>
    /// <param name="models">The definitions. Those without a definition id become new ones.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DefinitionException">At least one has errors, or two have the same definition id; lists every problem of all.</exception>
    /// <exception cref="DefinitionReadonlyException">One of them is read-only.</exception>
    /// <exception cref="DefinitionConflictException">Someone else changed one in between.</exception>
    public async Task<IReadOnlyList<ImportedDefinition>> ImportAsync(IReadOnlyList<WorkflowDefinition> models, CancellationToken cancellationToken = default)
    {
        var byId = new SortedDictionary<string, WorkflowDefinition>(StringComparer.Ordinal);
        var problems = new List<DefinitionProblem>();
        foreach (var model in models)
        {
            var id = string.IsNullOrWhiteSpace(model.DefinitionId) ? WorkflowIds.New(_clock) : model.DefinitionId.Trim();
            if (!byId.TryAdd(id, model))
                throw DefinitionException.Single($"More than one of the definitions has the id '{id}'; import its versions one after another.", "definitionId");
            var copy = model.Clone();
            copy.DefinitionId = id;
            problems.AddRange(_triggers.Check(copy).Problems
                .Where(p => p.Severity == ProblemSeverity.Error)
                .Select(p => models.Count == 1 ? p : p with { Reason = $"{p.Reason} (workflow '{model.Name ?? id}')" }));
        }

        if (problems.Count > 0)
            throw new DefinitionException(problems);

        // Locked in the order of their ids, so that two imports cannot wait for each other.
        var held = new Stack<KeyedLock.Holder>();
        try
        {
            var unit = new WriteUnit();
            var imported = new List<ImportedDefinition>();
            foreach (var (id, model) in byId)
            {
                held.Push(await _locks.AcquireAsync(id, cancellationToken));
                var latest = await FindAsync(id, VersionOptions.Latest, cancellationToken);
                ThrowIfReadonly(latest);
                imported.Add(new ImportedDefinition(await AddDraftAsync(unit, id, model, latest, cancellationToken), latest is null));
            }

            if (unit.Count > 0)
                await CommitAsync(unit, imported[0].Definition.Summary.DefinitionId, cancellationToken);
            return imported;
        }
        finally
        {
            while (held.TryPop(out var one))
                one.Dispose();
        }
    }

    /// <summary>Reads the definitions of a file: one as JSON, or several in a zip archive.</summary>
    /// <param name="fileName">Its name: <c>.zip</c> is read as an archive.</param>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="DefinitionException">Something in it cannot be read; lists every problem, with the file.</exception>
    public static IReadOnlyList<WorkflowDefinition> ReadFile(string fileName, byte[] content)
    {
        if (!fileName.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                return [WorkflowDefinition.Parse(content)];
            }
            catch (DefinitionException e)
            {
                throw new DefinitionException([.. e.Problems.Select(p => p with { Reason = $"{fileName}: {p.Reason}" })]);
            }
        }

        var definitions = new List<WorkflowDefinition>();
        var problems = new List<DefinitionProblem>();
        try
        {
            using var archive = new ZipArchive(new MemoryStream(content, writable: false), ZipArchiveMode.Read);
            var entries = archive.Entries.Where(e => e.FullName.EndsWith(".json", StringComparison.OrdinalIgnoreCase)).ToList();
            if (entries.Count > MaxArchiveEntries || entries.Sum(e => e.Length) > MaxArchiveBytes)
                throw DefinitionException.Single($"The archive holds {entries.Count} definitions of {entries.Sum(e => e.Length)} bytes; at most {MaxArchiveEntries} and {MaxArchiveBytes} are accepted.");
            foreach (var entry in entries)
            {
                try
                {
                    definitions.Add(WorkflowDefinition.Parse(ReadEntry(entry)));
                }
                catch (DefinitionException e)
                {
                    problems.AddRange(e.Problems.Select(p => p with { Reason = $"{entry.FullName}: {p.Reason}" }));
                }
            }
        }
        catch (InvalidDataException e)
        {
            throw DefinitionException.Single($"{fileName} is not a zip archive: {e.Message}");
        }

        return problems.Count == 0 ? definitions : throw new DefinitionException(problems);
    }

    private static byte[] ReadEntry(ZipArchiveEntry entry)
    {
        // The length in the directory is a claim; reading stops where it is exceeded.
        using var stream = entry.Open();
        var buffer = new byte[Math.Min(entry.Length, WorkflowDefinition.MaxJsonBytes + 1)];
        return buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
    }

    private async Task<DefinitionExport> ExportAsync(List<StoredDefinition> definitions, bool includeConsumers, CancellationToken cancellationToken)
    {
        var all = new Dictionary<string, StoredDefinition>(StringComparer.Ordinal);
        foreach (var definition in definitions)
        {
            all.TryAdd(definition.Summary.Id, definition);
            if (!includeConsumers)
                continue;
            foreach (var consumer in await ConsumersOfAsync(definition.Summary, cancellationToken))
                all.TryAdd(consumer.Summary.Id, consumer);
        }

        if (all.Count == 1)
        {
            var only = all.Values.Single();
            return new DefinitionExport(FileNameOf(only), "application/json", only.ToDefinition().ToUtf8Json());
        }

        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var definition in all.Values)
            {
                var name = FileNameOf(definition);
                if (!names.Add(name))
                    names.Add(name = $"{Path.GetFileNameWithoutExtension(name)}-{definition.Summary.Id}.json");
                await using var entry = archive.CreateEntry(name).Open();
                await entry.WriteAsync(definition.ToDefinition().ToUtf8Json(), cancellationToken);
            }
        }

        return new DefinitionExport("workflow-definitions.zip", "application/zip", stream.ToArray());
    }

    private static string FileNameOf(StoredDefinition definition)
    {
        var name = string.IsNullOrWhiteSpace(definition.Summary.Name) ? definition.Summary.DefinitionId : definition.Summary.Name;
        var safe = string.Concat(name.Select(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).Trim('-', '.').ToLowerInvariant();
        return $"workflow-definition-{(safe.Length == 0 ? definition.Summary.DefinitionId : safe)}.json";
    }
}
