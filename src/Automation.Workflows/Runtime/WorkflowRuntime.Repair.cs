using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;
using Automation.Workflows.Journal;
using Automation.Workflows.Management;
using Automation.Workflows.Queries;

namespace Automation.Workflows.Runtime;

public sealed partial class WorkflowRuntime
{
    /// <summary>
    /// Moves an instance that waits or has faulted to another version of its definition. It goes on where it stands: an
    /// activity that it stands in must be there, and nothing that it keeps may be lost; otherwise nothing is changed and
    /// the result says what does not fit.
    /// </summary>
    /// <param name="instanceId">The instance.</param>
    /// <param name="version">The version to go to.</param>
    /// <param name="dryRun">Whether only to tell what does not fit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null where the instance does not exist.</returns>
    /// <exception cref="DefinitionNotFoundException">The definition has no such version.</exception>
    /// <exception cref="DefinitionException">That version does not compile.</exception>
    public async Task<MoveResult?> MoveAsync(string instanceId, VersionOptions version, bool dryRun = false, CancellationToken cancellationToken = default)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var held = await _instances.LockAsync(instanceId, cancellationToken);
            if (await _instances.TakeAsync(instanceId, cancellationToken) is not { } instance)
                return null;
            var target = await _definitions.FindAsync(instance.Graph.DefinitionId, version, cancellationToken) is { } found
                ? await _catalog.FindGraphAsync(found.Summary.Id, cancellationToken)
                : null;
            if (target is null)
            {
                _instances.GiveBack(instance);
                throw new DefinitionNotFoundException($"version {version} of the workflow '{instance.Graph.DefinitionId}'");
            }

            var misfits = Misfits(instance, target);
            var from = instance.Graph.Version;
            if (dryRun || misfits.Count > 0)
            {
                _instances.GiveBack(instance);
                return new MoveResult(instanceId, from, target.Version, target.VersionId, Moved: false, misfits);
            }

            try
            {
                await MoveAsync(instance, target, cancellationToken);
                return new MoveResult(instanceId, from, target.Version, target.VersionId, Moved: true, []);
            }
            catch (WriteConflictException e) when (InstanceSql.IsStale(e.Statement) && attempt < MaxTries)
            {
                // Another server was faster: read again, and ask again whether it fits.
                LogStale(instanceId, attempt);
            }
        }
    }

    /// <summary>
    /// Starts a new instance with the inputs, the correlation id and the name of another one, from the start. One that a
    /// stimulus started (an event, an HTTP request, the clock) is not repeated here, because what the stimulus brought is
    /// no longer known: send it again, or replay its event.
    /// </summary>
    /// <param name="instanceId">The instance to repeat.</param>
    /// <param name="version">The version to run; null for the one that the instance ran.</param>
    /// <param name="input">Inputs that are to be different.</param>
    /// <param name="variables">Values for workflow variables, by id or name.</param>
    /// <param name="cancellationToken">Stops the burst between two activities.</param>
    /// <returns>Null where the instance does not exist.</returns>
    /// <exception cref="WorkflowStartException">A stimulus had started it.</exception>
    public async Task<StartResult?> RerunAsync(
        string instanceId, VersionOptions? version = null, IReadOnlyDictionary<string, object?>? input = null, IReadOnlyDictionary<string, object?>? variables = null,
        CancellationToken cancellationToken = default)
    {
        if (await _instances.LookAsync(instanceId, cancellationToken) is not { } instance)
            return null;
        if (instance.State.WasTriggered)
            throw new WorkflowStartException($"The instance '{instanceId}' was started by what came in from outside, which is not kept with it. Replay the event, or send the request again.");
        var inputs = new Dictionary<string, object?>(instance.State.Input, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in input ?? new Dictionary<string, object?>(StringComparer.Ordinal))
            inputs[name] = value;
        return await StartAsync(
            new StartWorkflowRequest
            {
                DefinitionId = instance.Graph.DefinitionId,
                DefinitionVersionId = version is null ? instance.Graph.VersionId : null,
                Version = version ?? VersionOptions.Published,
                CorrelationId = instance.State.CorrelationId,
                Name = instance.State.Name,
                Input = inputs,
                Variables = variables,
            },
            cancellationToken);
    }

    private static IReadOnlyList<string> Misfits(LoadedInstance instance, CompiledWorkflow target)
    {
        var state = instance.State;
        if (state.Status == WorkflowStatus.Finished && state.SubStatus != WorkflowSubStatus.Faulted)
            return [$"The instance has ended ({state.SubStatus})."];
        if (target.VersionId == instance.Graph.VersionId)
            return [$"The instance runs version {target.Version} already."];
        return state.FindMisfits(target);
    }

    private async Task MoveAsync(LoadedInstance instance, CompiledWorkflow target, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var moved = instance.State.MoveTo(target);
        moved.UpdatedAt = now;
        var entry = new JournalEntry(
            moved.NextSequence(), target.Workflow, 1, 0, JournalEvents.Migrated, now,
            $"From version {instance.Graph.Version} to version {target.Version}", Payload: null);
        var unit = new WriteUnit()
            .AddExpectingOne(InstanceSql.Move, instance.Id, instance.Revision, target.VersionId, target.Version, SqlValue.Micros(now), System.Text.Encoding.UTF8.GetString(moved.Serialize()))
            .Add(InstanceSql.AddJournal, instance.Id, instance.Revision + 1, SqlValue.Micros(now), entry.Sequence, JournalChunk.Write([entry], []));
        await _database.CommitAsync(unit, cancellationToken: cancellationToken);
        _instances.GiveBack(new LoadedInstance
        {
            Graph = target,
            State = moved,
            Revision = instance.Revision + 1,
            CreatedAt = instance.CreatedAt,
            ParentId = instance.ParentId,
            Notify = instance.Notify,
        });
    }
}
