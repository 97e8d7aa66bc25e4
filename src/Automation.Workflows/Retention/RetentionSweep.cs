using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Options;

namespace Automation.Workflows.Retention;

/// <summary>Deletes ended instances that are too old or too many, in commits small enough that nobody waits for them.</summary>
internal sealed class RetentionSweep(Database database, IOptions<RetentionOptions> options, TimeProvider clock)
{
    private static readonly SqlStatement EndedBefore = new(
        "SELECT id FROM workflow_instances WHERE finished_at < $1 ORDER BY finished_at LIMIT $2");

    private static readonly SqlStatement EndOfNth = new(
        "SELECT finished_at FROM workflow_instances WHERE finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT 1 OFFSET $1");

    // An instance that someone has just revived is not deleted, and what belongs to it goes only with it.
    private static readonly SqlStatement DeleteEnded = new("DELETE FROM workflow_instances WHERE id = $1 AND finished_at IS NOT NULL");

    private static readonly SqlStatement[] DeleteParts =
    [
        .. new[] { "workflow_journal", "workflow_bookmarks", "workflow_operations" }
            .Select(t => new SqlStatement($"DELETE FROM {t} WHERE instance_id = $1 AND NOT EXISTS (SELECT 1 FROM workflow_instances WHERE id = $1)")),
    ];

    /// <summary>One sweep.</summary>
    /// <returns>How many instances were deleted.</returns>
    public async Task<long> RunAsync(CancellationToken cancellationToken)
    {
        var deleted = 0L;
        if (options.Value.Age > TimeSpan.Zero)
            deleted += await DeleteBeforeAsync(SqlValue.ToMicros(clock.GetUtcNow() - options.Value.Age), cancellationToken);
        if (options.Value.Count > 0 && await database.QueryAsync(EndOfNth, cancellationToken, options.Value.Count) is { Count: > 0 } surplus)
            // The first that is too many goes as well.
            deleted += await DeleteBeforeAsync(surplus.Rows[0][0].AsInteger + 1, cancellationToken);
        return deleted;
    }

    private async Task<long> DeleteBeforeAsync(long micros, CancellationToken cancellationToken)
    {
        var deleted = 0L;
        while (true)
        {
            var rows = await database.QueryAsync(EndedBefore, cancellationToken, micros, options.Value.BatchSize);
            if (rows.Count == 0)
                return deleted;
            var unit = new WriteUnit();
            foreach (var row in rows.Rows)
            {
                unit.Add(DeleteEnded, row[0]);
                foreach (var part in DeleteParts)
                    unit.Add(part, row[0]);
            }

            await database.CommitAsync(unit, cancellationToken: cancellationToken);
            deleted += rows.Count;
        }
    }
}
