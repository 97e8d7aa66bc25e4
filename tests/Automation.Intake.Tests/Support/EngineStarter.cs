using Automation.Intake.Routing;
using Automation.Storage.Writes;
using Automation.Workflows.Runtime;

namespace Automation.Intake.Tests.Support;

/// <summary>Starts workflows in the real engine, by mapping rules.</summary>
internal sealed class EngineStarter(WorkflowRuntime runtime, WorkflowEvents events) : IWorkflowStarter
{
    public async Task<InstanceSnapshot?> StartAsync(WorkflowStart start, Action<WriteUnit> companion, CancellationToken cancellationToken)
    {
        var request = new StartWorkflowRequest
        {
            DefinitionId = start.DefinitionId,
            InstanceId = start.InstanceId,
            CorrelationId = start.CorrelationId,
            Input = start.Inputs,
            EventId = start.EventId,
            Companion = companion,
            CanRespond = false,
        };
        var result = await runtime.StartAsync(request, cancellationToken);
        return result.Started ? result.Instance : throw new InvalidOperationException(result.Reason);
    }

    public Task CancelAsync(string instanceId, string reason, CancellationToken cancellationToken) => runtime.CancelAsync(instanceId, reason, cancellationToken);

    public IDisposable OnEnded(Action<string> listener) => events.OnCommitted(committed =>
    {
        if (committed.Instance.Status == Workflows.Execution.WorkflowStatus.Finished)
            listener(committed.Instance.Id);
    });
}
