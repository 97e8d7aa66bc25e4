using Automation.Workflows.Definitions;

namespace Automation.Workflows.Management;

public sealed partial class WorkflowDefinitionManager
{
    /// <summary>Publishes the latest versions of many definitions; each by itself.</summary>
    public async Task<BulkPublishResult> PublishManyAsync(IEnumerable<string> definitionIds, CancellationToken cancellationToken = default)
    {
        var published = new List<string>();
        var already = new List<string>();
        var unknown = new List<string>();
        var skipped = new List<string>();
        var failed = new List<string>();
        var updated = new List<string>();
        var problems = new Dictionary<string, IReadOnlyList<DefinitionProblem>>(StringComparer.Ordinal);
        foreach (var id in definitionIds.Distinct(StringComparer.Ordinal))
        {
            try
            {
                var result = await PublishAsync(id, cancellationToken);
                (result.AlreadyPublished ? already : result.IsPublished ? published : failed).Add(id);
                updated.AddRange(result.UpdatedConsumers);
                if (result.Problems.Count > 0)
                    problems.Add(id, result.Problems);
            }
            catch (DefinitionNotFoundException)
            {
                unknown.Add(id);
            }
            catch (DefinitionReadonlyException)
            {
                skipped.Add(id);
            }
        }

        return new BulkPublishResult
        {
            Published = published,
            AlreadyPublished = already,
            NotFound = unknown,
            Skipped = skipped,
            Failed = failed,
            UpdatedConsumers = updated,
            Problems = problems,
        };
    }

    /// <summary>Retracts many definitions; each by itself. Read-only ones are left out.</summary>
    public async Task<BulkRetractResult> RetractManyAsync(IEnumerable<string> definitionIds, CancellationToken cancellationToken = default)
    {
        var retracted = new List<string>();
        var already = new List<string>();
        var unknown = new List<string>();
        foreach (var id in definitionIds.Distinct(StringComparer.Ordinal))
        {
            try
            {
                (await RetractAsync(id, cancellationToken) is null ? already : retracted).Add(id);
            }
            catch (DefinitionNotFoundException)
            {
                unknown.Add(id);
            }
            catch (DefinitionReadonlyException)
            {
                // Elsa's answer has no place for them, and to call them not found would be wrong.
            }
        }

        return new BulkRetractResult(retracted, already, unknown);
    }

    /// <summary>Deletes many definitions; unknown and read-only ones are left out.</summary>
    /// <returns>How many were deleted.</returns>
    public Task<int> DeleteManyAsync(IEnumerable<string> definitionIds, CancellationToken cancellationToken = default) =>
        CountAsync(definitionIds, id => DeleteAsync(id, cancellationToken));

    /// <summary>Deletes many versions; unknown and read-only ones are left out.</summary>
    /// <returns>How many were deleted.</returns>
    public Task<int> DeleteManyVersionsAsync(IEnumerable<string> versionIds, CancellationToken cancellationToken = default) =>
        CountAsync(versionIds, id => DeleteVersionAsync(id, cancellationToken));

    private static async Task<int> CountAsync(IEnumerable<string> ids, Func<string, Task<bool>> act)
    {
        var count = 0;
        foreach (var id in ids.Distinct(StringComparer.Ordinal))
        {
            try
            {
                if (await act(id))
                    count++;
            }
            catch (DefinitionReadonlyException)
            {
                // Told by the count.
            }
        }

        return count;
    }
}
