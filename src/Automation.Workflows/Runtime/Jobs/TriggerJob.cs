using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;

namespace Automation.Workflows.Runtime;

/// <summary>
/// Starts a workflow by the clock. The instance, the next occurrence's job and this job's success are one commit, so an
/// occurrence starts one instance, and a chain of occurrences neither breaks nor doubles.
/// </summary>
internal sealed class TriggerJob(Database database, WorkflowRuntime runtime, WorkflowCatalog catalog, JobClient jobs, TimeProvider clock) : IJobHandler
{
    public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var triggerId = context.GetArgument<string>(0)!;
        var due = context.GetArgument<long>(1);
        // A trigger of a version that is no longer in force is not in the catalog; its last job ends the chain.
        if (await catalog.FindTriggerAsync(triggerId, cancellationToken) is not { } trigger || trigger.NextAt is not { } nextAt || SqlValue.ToMicros(nextAt) != due)
            return;

        var result = await runtime.StartAsync(
            new StartWorkflowRequest
            {
                DefinitionId = trigger.DefinitionId,
                DefinitionVersionId = trigger.DefinitionVersionId,
                InstanceId = WorkflowRuntime.DerivedId(triggerId, due.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                TriggerActivityId = trigger.ActivityId,
                IsTriggered = true,
                AsyncCompanion = (unit, ct) => MoveOnAsync(unit, trigger, due, ct),
                Job = context,
            },
            cancellationToken);
        if (result.Started)
            return;

        // Refused by its activation strategy, for instance: this occurrence is left out, the next one is not.
        context.Log($"Not started: {result.Reason}");
        var unit = new WriteUnit();
        await MoveOnAsync(unit, trigger, due, cancellationToken);
        context.AddSuccessTo(unit);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    private async ValueTask MoveOnAsync(WriteUnit unit, IndexedTrigger trigger, long due, CancellationToken cancellationToken)
    {
        var next = ClockTriggers.Next(trigger, SqlValue.FromMicros(due), clock.GetUtcNow());
        long? jobId = next is { } at
            ? await jobs.EnqueueAsync(unit, ClockTriggers.Job(trigger.Id, at, trigger.DefinitionId), cancellationToken)
            : null;
        unit.AddExpectingOne(DefinitionSql.MoveTrigger, trigger.Id, due, SqlValue.Micros(next), jobId);
    }
}
