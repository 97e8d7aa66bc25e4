using Automation.Intake.Routing;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Host.Start;

/// <summary>Lets events start workflows: the one place where intake and engine meet.</summary>
internal sealed class EventWorkflowStarter(WorkflowRuntime runtime, WorkflowEvents events) : IWorkflowStarter
{
    public async Task<InstanceSnapshot?> StartAsync(WorkflowStart start, Action<WriteUnit> companion, CancellationToken cancellationToken)
    {
        var result = await runtime.StartAsync(
            new StartWorkflowRequest
            {
                DefinitionId = start.DefinitionId,
                InstanceId = start.InstanceId,
                CorrelationId = start.CorrelationId,
                Input = start.Inputs,
                DefinitionVersionId = start.Trigger?.DefinitionVersionId,
                TriggerActivityId = start.Trigger?.ActivityId,
                TriggerPayload = start.Trigger is null ? null : start.Event,
                IsTriggered = start.Trigger is not null,
                EventId = start.EventId,
                Companion = companion,
                CanRespond = false,
            },
            cancellationToken);
        if (!result.Started)
            throw new WorkflowStartException(result.Reason ?? $"The workflow \"{start.DefinitionId}\" could not be started: {result.CannotStart}.");
        return result.Instance;
    }

    public Task CancelAsync(string instanceId, string reason, CancellationToken cancellationToken) => runtime.CancelAsync(instanceId, reason, cancellationToken);

    public IDisposable OnEnded(Action<string> listener) => events.OnCommitted(committed =>
    {
        if (committed.Instance.Status == WorkflowStatus.Finished)
            listener(committed.Instance.Id);
    });
}
