using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Management;

/// <summary>
/// Definitions and their versions: exactly one version of a definition is the latest, at most one is published. Saving
/// over a published version makes a draft; publishing puts the latest in force together with its triggers, in one
/// commit. Running instances stay on the version they started with. Thread-safe.
/// </summary>
public sealed partial class WorkflowDefinitionManager
{
    private readonly Database _database;
    private readonly WorkflowCatalog _catalog;
    private readonly TriggerIndexer _triggers;
    private readonly InstanceRemover _instances;
    private readonly DefinitionFiles _files;
    private readonly WorkflowOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly KeyedLock _locks = new();

    internal WorkflowDefinitionManager(
        Database database, WorkflowCatalog catalog, TriggerIndexer triggers, InstanceRemover instances, DefinitionFiles files,
        IOptions<WorkflowOptions> options, TimeProvider clock, ILogger<WorkflowDefinitionManager> logger)
    {
        _database = database;
        _catalog = catalog;
        _triggers = triggers;
        _instances = instances;
        _files = files;
        _options = options.Value;
        _clock = clock;
        _logger = logger;
    }

    private bool FilesAreReadonly => !_options.AllowEditing;

    /// <summary>The version of a definition that is meant; the newest where several are.</summary>
    /// <returns>Null where there is none.</returns>
    public async Task<StoredDefinition?> FindAsync(string definitionId, VersionOptions version, CancellationToken cancellationToken = default)
    {
        var rows = version.Selection switch
        {
            VersionSelection.Published => await _database.QueryAsync(DefinitionSql.Published, cancellationToken, definitionId),
            VersionSelection.Specific => await _database.QueryAsync(DefinitionSql.Specific, cancellationToken, definitionId, version.Number),
            _ => await _database.QueryAsync(DefinitionSql.Latest, cancellationToken, definitionId),
        };
        var found = rows.Count == 0 ? null : Read(rows.Rows[0]);
        return version.Selection switch
        {
            VersionSelection.Draft when found is { Summary.IsPublished: true } => null,
            VersionSelection.LatestAndPublished when found is { Summary.IsPublished: false } => null,
            _ => found,
        };
    }

    /// <summary>A version by its own id, or null.</summary>
    public async Task<StoredDefinition?> FindVersionAsync(string versionId, CancellationToken cancellationToken = default)
    {
        var rows = await _database.QueryAsync(DefinitionSql.ById, cancellationToken, versionId);
        return rows.Count == 0 ? null : Read(rows.Rows[0]);
    }

    /// <summary>All versions of a definition, newest first; empty where it is unknown.</summary>
    public async Task<IReadOnlyList<StoredDefinition>> GetVersionsAsync(string definitionId, CancellationToken cancellationToken = default)
    {
        var rows = await _database.QueryAsync(DefinitionSql.AllVersions, cancellationToken, definitionId);
        return [.. rows.Rows.Select(Read)];
    }

    /// <summary>Whether no other definition has this name. Advice only: saving does not ask.</summary>
    /// <param name="name">The name.</param>
    /// <param name="exceptDefinitionId">A definition that may have it; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<bool> IsNameUniqueAsync(string name, string? exceptDefinitionId, CancellationToken cancellationToken = default) =>
        (await _database.QueryAsync(DefinitionSql.NameTaken, cancellationToken, name.Trim(), exceptDefinitionId ?? "")).Count == 0;

    /// <summary>
    /// Saves content: over the latest version if that is a draft, else as a new draft; as version 1 where the
    /// definition is new. With <paramref name="publish"/> it is then put in force, unless it has errors.
    /// </summary>
    /// <param name="model">The content. Its ids, version and flags are replaced by the stored ones.</param>
    /// <param name="publish">Whether to publish it.</param>
    /// <param name="expectedRevision">The <see cref="DefinitionSummary.Revision"/> of the latest version that the content is based on; null saves over whatever is there.</param>
    /// <param name="cancellationToken">Ends the wait; what is being committed is still committed.</param>
    /// <exception cref="DefinitionConflictException">Someone else saved in between.</exception>
    /// <exception cref="DefinitionReadonlyException">The definition is read-only.</exception>
    public async Task<SaveDefinitionResult> SaveAsync(WorkflowDefinition model, bool publish, long? expectedRevision = null, CancellationToken cancellationToken = default)
    {
        var definitionId = string.IsNullOrWhiteSpace(model.DefinitionId) ? WorkflowIds.New(_clock) : model.DefinitionId.Trim();
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            var latest = await FindAsync(definitionId, VersionOptions.Latest, cancellationToken);
            ThrowIfReadonly(latest);
            if (expectedRevision is { } expected && latest is not null && latest.Summary.Revision != expected)
                throw new DefinitionConflictException(definitionId);
            var saved = await StoreDraftAsync(definitionId, model, latest, cancellationToken);
            return publish ? await PublishLockedAsync(saved, cancellationToken) : await WithConsumersAsync(saved, [], cancellationToken);
        }
    }

    /// <summary>Puts the latest version in force and its triggers with it; the version that was in force is retracted.</summary>
    /// <exception cref="DefinitionNotFoundException">The definition is unknown.</exception>
    /// <exception cref="DefinitionReadonlyException">The definition is read-only.</exception>
    /// <exception cref="DefinitionConflictException">Someone else changed it in between.</exception>
    public async Task<SaveDefinitionResult> PublishAsync(string definitionId, CancellationToken cancellationToken = default)
    {
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            var latest = await RequireLatestAsync(definitionId, cancellationToken);
            if (latest.Summary.IsPublished)
                return await WithConsumersAsync(latest, [], cancellationToken) with { AlreadyPublished = true };
            ThrowIfReadonly(latest);
            return await PublishLockedAsync(latest, cancellationToken);
        }
    }

    /// <summary>Takes the published version out of force, and its triggers with it. Running instances go on.</summary>
    /// <returns>The version that was in force, or null where none was.</returns>
    /// <exception cref="DefinitionNotFoundException">The definition is unknown.</exception>
    /// <exception cref="DefinitionReadonlyException">The definition is read-only.</exception>
    public async Task<StoredDefinition?> RetractAsync(string definitionId, CancellationToken cancellationToken = default)
    {
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            ThrowIfReadonly(await RequireLatestAsync(definitionId, cancellationToken));
            return await RetractLockedAsync(definitionId, cancellationToken);
        }
    }

    /// <summary>Makes a new draft with the content of an older version.</summary>
    /// <exception cref="DefinitionNotFoundException">There is no such version.</exception>
    /// <exception cref="DefinitionReadonlyException">The definition is read-only.</exception>
    public async Task<DefinitionSummary> RevertAsync(string definitionId, int version, CancellationToken cancellationToken = default)
    {
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            var latest = await RequireLatestAsync(definitionId, cancellationToken);
            ThrowIfReadonly(latest);
            var old = await FindAsync(definitionId, VersionOptions.Specific(version), cancellationToken)
                ?? throw new DefinitionNotFoundException($"version {version} of the workflow '{definitionId}'");
            var unit = new WriteUnit();
            var draft = await AddVersionAsync(unit, definitionId, WorkflowDefinition.Parse(old.Content), latest, cancellationToken);
            await CommitAsync(unit, definitionId, cancellationToken);
            return draft.Summary;
        }
    }

    /// <summary>Deletes a definition: all versions, their triggers, and their instances with everything that belongs to them.</summary>
    /// <returns>False where the definition is unknown.</returns>
    /// <exception cref="DefinitionReadonlyException">The definition is read-only.</exception>
    public async Task<bool> DeleteAsync(string definitionId, CancellationToken cancellationToken = default)
    {
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            var latest = await FindAsync(definitionId, VersionOptions.Latest, cancellationToken);
            if (latest is null)
                return false;
            ThrowIfReadonly(latest);
            // First nothing new may start; then instances go in small steps; the definition last, so that a crash in between can be repeated.
            await RetractLockedAsync(definitionId, cancellationToken);
            await _instances.DeleteOfDefinitionAsync(definitionId, cancellationToken);
            var unit = new WriteUnit().Add(DefinitionSql.DeleteAll, definitionId);
            await _triggers.RemoveAsync(unit, definitionId, cancellationToken);
            await _database.CommitAsync(unit, cancellationToken: cancellationToken);
            await _catalog.RefreshAsync(definitionId, CancellationToken.None);
            _files.Delete(latest.Summary.SourceFile);
            return true;
        }
    }

    /// <summary>Deletes one version; if it was the latest, the one before becomes the latest.</summary>
    /// <returns>False where the version is unknown.</returns>
    /// <exception cref="DefinitionReadonlyException">The definition is read-only.</exception>
    public async Task<bool> DeleteVersionAsync(string versionId, CancellationToken cancellationToken = default)
    {
        var found = await FindVersionAsync(versionId, cancellationToken);
        if (found is null)
            return false;
        var definitionId = found.Summary.DefinitionId;
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            ThrowIfReadonly(found);
            var rows = await _database.QueryAsync(DefinitionSql.VersionSummaries, cancellationToken, definitionId);
            var versions = rows.Rows.Select(r => StoredDefinition.ReadSummary(r, FilesAreReadonly)).ToList();
            var version = versions.Find(v => v.Id == versionId);
            if (version is null)
                return false;
            var unit = new WriteUnit().AddExpectingOne(DefinitionSql.DeleteVersion, versionId);
            if (version.IsPublished)
                await _triggers.RemoveAsync(unit, definitionId, cancellationToken);
            if (version.IsLatest && versions.Find(v => v.Id != versionId) is { } previous)
                unit.AddExpectingOne(DefinitionSql.MakeLatest, previous.Id, SqlValue.Micros(_clock.GetUtcNow()));
            await CommitAsync(unit, definitionId, cancellationToken);
            return true;
        }
    }

    private async Task<StoredDefinition> RequireLatestAsync(string definitionId, CancellationToken cancellationToken) =>
        await FindAsync(definitionId, VersionOptions.Latest, cancellationToken)
        ?? throw new DefinitionNotFoundException($"workflow '{definitionId}'");

    private static void ThrowIfReadonly(StoredDefinition? definition)
    {
        if (definition is { Summary.IsReadonly: true })
            throw new DefinitionReadonlyException(definition.Summary.DefinitionId, definition.Summary.SourceFile is not null);
    }

    private async Task<StoredDefinition> StoreDraftAsync(
        string definitionId, WorkflowDefinition model, StoredDefinition? latest, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        var stored = await AddDraftAsync(unit, definitionId, model, latest, cancellationToken);
        await CommitAsync(unit, definitionId, cancellationToken);
        return stored;
    }

    /// <summary>Adds content as the latest version: over a draft, or as a new version.</summary>
    private Task<StoredDefinition> AddDraftAsync(
        WriteUnit unit, string definitionId, WorkflowDefinition model, StoredDefinition? latest, CancellationToken cancellationToken) =>
        latest is { Summary.IsPublished: false }
            ? Task.FromResult(AddOverwrite(unit, model, latest))
            : AddVersionAsync(unit, definitionId, model, latest, cancellationToken);

    private StoredDefinition AddOverwrite(WriteUnit unit, WorkflowDefinition model, StoredDefinition latest)
    {
        var summary = Describe(model, latest.Summary, latest.Summary.SourceFile) with { Revision = latest.Summary.Revision + 1 };
        var content = Content(model, summary);
        summary = summary with { ContentHash = DefinitionHash.Of(model) };
        unit.AddExpectingOne(
            DefinitionSql.Overwrite, summary.Id, latest.Summary.Revision, summary.Name, summary.Description, summary.ToolVersion,
            summary.SourceFile, summary.ProviderName, summary.IsPublished, summary.IsSystem, summary.UsableAsActivity, summary.ContentHash,
            SqlValue.Micros(summary.UpdatedAt), content);
        return new StoredDefinition(summary, content);
    }

    private async Task<StoredDefinition> AddVersionAsync(
        WriteUnit unit, string definitionId, WorkflowDefinition model, StoredDefinition? latest, CancellationToken cancellationToken)
    {
        var now = Now();
        if (latest is not null)
            unit.AddExpectingOne(DefinitionSql.NoLongerLatest, latest.Summary.Id, latest.Summary.Revision, SqlValue.Micros(now));
        var summary = Describe(
            model,
            new DefinitionSummary
            {
                Id = WorkflowIds.New(_clock),
                DefinitionId = definitionId,
                Version = await HighestVersionAsync(definitionId, cancellationToken) + 1,
                IsLatest = true,
                CreatedAt = now,
                Revision = 1,
            },
            latest?.Summary.SourceFile);
        var content = Content(model, summary);
        summary = summary with { ContentHash = DefinitionHash.Of(model) };
        Insert(unit, summary, content);
        return new StoredDefinition(summary, content);
    }

    private async Task<int> HighestVersionAsync(string definitionId, CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(DefinitionSql.VersionSummaries, cancellationToken, definitionId);
        return rows.Count == 0 ? 0 : (int)rows.Rows[0][2].AsInteger;
    }

    /// <summary>Checks the latest version and puts it in force; a version with errors stays a draft.</summary>
    private async Task<SaveDefinitionResult> PublishLockedAsync(StoredDefinition latest, CancellationToken cancellationToken)
    {
        var definition = latest.ToDefinition();
        var check = _triggers.Check(definition);
        if (check.HasErrors)
            return await WithConsumersAsync(latest, check.Problems, cancellationToken);

        var summary = latest.Summary with { IsPublished = true, UpdatedAt = Now(), Revision = latest.Summary.Revision + 1 };
        var unit = new WriteUnit()
            .Add(DefinitionSql.RetractOthers, summary.DefinitionId, SqlValue.Micros(summary.UpdatedAt), summary.Id)
            .AddExpectingOne(DefinitionSql.Publish, summary.Id, latest.Summary.Revision, SqlValue.Micros(summary.UpdatedAt));
        await _triggers.ReplaceAsync(unit, summary, check.Triggers, cancellationToken);
        await CommitAsync(unit, summary.DefinitionId, cancellationToken);

        var published = new StoredDefinition(summary, latest.Content);
        if (summary.SourceFile is not null)
            await _files.WriteAsync(published, cancellationToken);
        LogPublished(summary.DefinitionId, summary.Version, check.Triggers.Count);
        var result = await WithConsumersAsync(published, check.Problems, cancellationToken);
        return definition.AutoUpdateConsumingWorkflows
            ? result with { UpdatedConsumers = await UpdateConsumersAsync(published, cancellationToken) }
            : result;
    }

    private async Task<StoredDefinition?> RetractLockedAsync(string definitionId, CancellationToken cancellationToken)
    {
        var published = await FindAsync(definitionId, VersionOptions.Published, cancellationToken);
        if (published is null)
            return null;
        var now = Now();
        var unit = new WriteUnit().AddExpectingOne(DefinitionSql.Retract, definitionId, SqlValue.Micros(now));
        await _triggers.RemoveAsync(unit, definitionId, cancellationToken);
        await CommitAsync(unit, definitionId, cancellationToken);
        return published with
        {
            Summary = published.Summary with { IsPublished = false, UpdatedAt = now, Revision = published.Summary.Revision + 1 },
        };
    }

    private async Task CommitAsync(WriteUnit unit, string definitionId, CancellationToken cancellationToken)
    {
        try
        {
            await _database.CommitAsync(unit, cancellationToken: cancellationToken);
        }
        catch (WriteConflictException)
        {
            throw new DefinitionConflictException(definitionId);
        }

        await _catalog.RefreshAsync(definitionId, CancellationToken.None);
    }

    private DefinitionSummary Describe(WorkflowDefinition model, DefinitionSummary row, string? source) => row with
    {
        Name = model.Name?.Trim(),
        Description = model.Description?.Trim(),
        ToolVersion = model.ToolVersion,
        SourceFile = source,
        ProviderName = source is null ? row.ProviderName : DefinitionFiles.ProviderName,
        IsReadonly = model.IsReadonly || (source is not null && FilesAreReadonly),
        IsSystem = model.IsSystem,
        UsableAsActivity = model.UsableAsActivity,
        UpdatedAt = Now(),
    };

    private static string Content(WorkflowDefinition model, DefinitionSummary summary)
    {
        var copy = model.Clone();
        copy.Json.Remove("links");
        StoredDefinition.Stamp(copy, summary);
        return copy.ToJson();
    }

    private void Insert(WriteUnit unit, DefinitionSummary s, string content) => unit.Add(
        DefinitionSql.Insert, s.Id, s.DefinitionId, s.Version, s.Name, s.Description, s.ToolVersion, s.ProviderName, s.SourceFile,
        s.IsLatest, s.IsPublished, s.IsReadonly && s.SourceFile is null, s.IsSystem, s.UsableAsActivity, s.ContentHash,
        SqlValue.Micros(s.CreatedAt), SqlValue.Micros(s.UpdatedAt), s.Revision, content);

    private StoredDefinition Read(SqlValue[] row) => new(StoredDefinition.ReadSummary(row, FilesAreReadonly), row[17].AsText!);

    /// <summary>The time as the database keeps it, so that what is returned equals what is read later.</summary>
    private DateTimeOffset Now() => SqlValue.FromMicros(SqlValue.ToMicros(_clock.GetUtcNow()));

    [LoggerMessage(LogLevel.Information, "Published workflow {DefinitionId} version {Version} with {Triggers} triggers")]
    private partial void LogPublished(string definitionId, int version, int triggers);
}
