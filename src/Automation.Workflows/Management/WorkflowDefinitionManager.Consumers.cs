using System.Text.Json.Nodes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Management;

public sealed partial class WorkflowDefinitionManager
{
    /// <summary>The definitions whose latest version uses a definition as an activity.</summary>
    public async Task<IReadOnlyList<string>> FindConsumersAsync(string definitionId, CancellationToken cancellationToken = default) =>
        [.. await FindAsync(definitionId, VersionOptions.Latest, cancellationToken) is { } child
            ? (await ConsumersOfAsync(child.Summary, cancellationToken)).Select(c => c.Summary.DefinitionId)
            : []];

    /// <summary>Moves all definitions that use a definition as an activity to its published version; those in force are published again.</summary>
    /// <returns>Ids of the definitions that were changed.</returns>
    /// <exception cref="DefinitionNotFoundException">The definition has no published version.</exception>
    public async Task<IReadOnlyList<string>> UpdateReferencesAsync(string definitionId, CancellationToken cancellationToken = default)
    {
        var published = await FindAsync(definitionId, VersionOptions.Published, cancellationToken)
            ?? throw new DefinitionNotFoundException($"published version of the workflow '{definitionId}'");
        return await UpdateConsumersAsync(published, cancellationToken);
    }

    private async Task<List<string>> UpdateConsumersAsync(StoredDefinition child, CancellationToken cancellationToken)
    {
        var changed = new List<string>();
        foreach (var consumer in await ConsumersOfAsync(child.Summary, cancellationToken))
        {
            if (consumer.Summary.IsReadonly || consumer.Summary.DefinitionId == child.Summary.DefinitionId)
                continue;
            var model = consumer.ToDefinition();
            if (!PointAt(model, child.Summary))
                continue;
            // A consumer that someone changes at this moment conflicts and keeps its version, as if it had been saved later.
            try
            {
                await SaveAsync(model, publish: consumer.Summary.IsPublished, consumer.Summary.Revision, cancellationToken);
                changed.Add(consumer.Summary.DefinitionId);
            }
            catch (DefinitionConflictException)
            {
                LogConsumerSkipped(consumer.Summary.DefinitionId, child.Summary.DefinitionId);
            }
        }

        return changed;
    }

    private async Task<SaveDefinitionResult> WithConsumersAsync(StoredDefinition saved, IReadOnlyList<DefinitionProblem> problems, CancellationToken cancellationToken) => new()
    {
        Definition = saved,
        Problems = problems,
        ConsumingWorkflowCount = saved.Summary.UsableAsActivity ? (await ConsumersOfAsync(saved.Summary, cancellationToken)).Count : 0,
    };

    private async Task<List<StoredDefinition>> ConsumersOfAsync(DefinitionSummary child, CancellationToken cancellationToken)
    {
        // The database narrows it down by text; whether id or type stand where they mean a use is read from the JSON.
        var rows = await _database.QueryAsync(DefinitionSql.LatestMentioning, cancellationToken, child.DefinitionId, $"\"{TypeOf(child)}\"");
        return [.. rows.Rows.Select(Read).Where(d => d.Summary.DefinitionId != child.DefinitionId && UsesOf(WorkflowDefinition.Parse(d.Content), child).Any())];
    }

    /// <summary>The activities that stand for a workflow: by its id, or by their type alone where they were written by hand.</summary>
    private static IEnumerable<JsonObject> UsesOf(WorkflowDefinition definition, DefinitionSummary child)
    {
        var type = TypeOf(child);
        return ActivityTree.Walk(definition.Root).Select(a => a.Json).Where(a => a.ContainsKey("workflowDefinitionVersionId")
            ? DeclarationReader.Text(a, "workflowDefinitionId") == child.DefinitionId
            : child.UsableAsActivity && DeclarationReader.Text(a, "type") == type);
    }

    private static string TypeOf(DefinitionSummary child) => WorkflowActivities.TypeName(child.Name ?? child.DefinitionId);

    private static bool PointAt(WorkflowDefinition consumer, DefinitionSummary child)
    {
        var changed = false;
        foreach (var use in UsesOf(consumer, child))
        {
            if (use["workflowDefinitionVersionId"] is JsonValue v && v.TryGetValue(out string? id) && id == child.Id)
                continue;
            use["workflowDefinitionId"] = child.DefinitionId;
            use["workflowDefinitionVersionId"] = child.Id;
            use["version"] = child.Version;
            use["latestAvailablePublishedVersion"] = child.Version;
            use["latestAvailablePublishedVersionId"] = child.Id;
            changed = true;
        }

        return changed;
    }

    [Microsoft.Extensions.Logging.LoggerMessage(Microsoft.Extensions.Logging.LogLevel.Warning, "Workflow {ConsumerId} was being changed and keeps the version of {DefinitionId} that it uses")]
    private partial void LogConsumerSkipped(string consumerId, string definitionId);
}
