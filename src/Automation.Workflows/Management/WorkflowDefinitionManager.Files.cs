using Automation.Storage.Writes;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Management;

public sealed partial class WorkflowDefinitionManager
{
    /// <summary>Puts the content of a file in force, as a new version where it differs from what is stored.</summary>
    /// <param name="model">The content; it has a definition id.</param>
    /// <param name="file">Its file, relative to the workflows directory.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether a version was made, and every problem found; one with errors changes nothing.</returns>
    internal async Task<(bool Changed, IReadOnlyList<DefinitionProblem> Problems)> LoadFileAsync(
        WorkflowDefinition model, string file, CancellationToken cancellationToken)
    {
        var definitionId = model.DefinitionId!;
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            var hash = DefinitionHash.Of(model);
            var latest = await FindAsync(definitionId, VersionOptions.Latest, cancellationToken);
            var published = latest is { Summary.IsPublished: false } ? await FindAsync(definitionId, VersionOptions.Published, cancellationToken) : latest;
            if (IsContentOf(latest) || IsContentOf(published))
                return (false, []);

            var now = Now();
            var summary = Describe(
                model,
                new DefinitionSummary
                {
                    Id = WorkflowIds.New(_clock),
                    DefinitionId = definitionId,
                    Version = latest is null ? Math.Max(1, model.Version) : await HighestVersionAsync(definitionId, cancellationToken) + 1,
                    IsLatest = true,
                    IsPublished = true,
                    CreatedAt = now,
                    Revision = 1,
                    ContentHash = hash,
                },
                file);
            var content = Content(model, summary);
            var check = _triggers.Check(new StoredDefinition(summary, content).ToDefinition());
            if (check.HasErrors)
                return (false, check.Problems);

            var unit = new WriteUnit();
            if (latest is not null)
                unit.AddExpectingOne(DefinitionSql.NoLongerLatest, latest.Summary.Id, latest.Summary.Revision, SqlValue.Micros(now));
            unit.Add(DefinitionSql.Retract, definitionId, SqlValue.Micros(now));
            Insert(unit, summary, content);
            await _triggers.ReplaceAsync(unit, summary, check.Triggers, cancellationToken);
            await CommitAsync(unit, definitionId, cancellationToken);
            return (true, check.Problems);

            bool IsContentOf(StoredDefinition? stored) => stored is not null && stored.Summary.ContentHash == hash && stored.Summary.SourceFile == file;
        }
    }

    /// <summary>Takes a definition out of force because its file is gone. Its versions and instances stay.</summary>
    internal async Task ForgetFileAsync(string definitionId, CancellationToken cancellationToken)
    {
        using (await _locks.AcquireAsync(definitionId, cancellationToken))
        {
            var now = SqlValue.Micros(Now());
            var unit = new WriteUnit()
                .Add(DefinitionSql.Retract, definitionId, now)
                .Add(DefinitionSql.ForgetFile, definitionId, now);
            await _triggers.RemoveAsync(unit, definitionId, cancellationToken);
            await CommitAsync(unit, definitionId, cancellationToken);
        }
    }

    /// <summary>The definitions that came from files, with their files.</summary>
    internal async Task<IReadOnlyList<DefinitionSummary>> ListFromFilesAsync(CancellationToken cancellationToken)
    {
        var rows = await _database.QueryAsync(DefinitionSql.FileSummaries, cancellationToken);
        return [.. rows.Rows.Select(r => StoredDefinition.ReadSummary(r, FilesAreReadonly))];
    }
}
