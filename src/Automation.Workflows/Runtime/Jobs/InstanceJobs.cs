using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

/// <summary>Resumes a bookmark whose time has come.</summary>
internal sealed class ResumeJob(WorkflowRuntime runtime) : IJobHandler
{
    // A bookmark that is gone needs nothing: the job then simply succeeds.
    public Task RunAsync(JobContext context, CancellationToken cancellationToken) =>
        runtime.ResumeAsync(new Stimulus.Resume(context.GetArgument<string>(1)!) { CanRespond = false }, new CommitExtras { Job = context }, cancellationToken);
}

/// <summary>Starts an instance that was dispatched.</summary>
internal sealed class StartJob(WorkflowRuntime runtime, Database database, JobClient jobs) : IJobHandler
{
    public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var request = WorkflowJobs.ReadStart(context.Arguments[0]);
        var result = await runtime.StartAsync(request with { Job = context }, cancellationToken);
        if (result.Started || result.CannotStart == CannotStart.InstanceExists)
            return;

        context.Log($"Not started: {result.Reason}");
        if (ParentNotice.Parse(request.Notify) is not { } notify)
            return;
        // The parent waits for a child that will never be: it is told that instead.
        var unit = new WriteUnit();
        await jobs.EnqueueAsync(
            unit, new JobRequest(WorkflowJobs.ChildRested, request.InstanceId, request.ParentInstanceId, notify.OperationId, notify.OperationId is null ? notify.Stimulus : null, result.Reason), cancellationToken);
        context.AddSuccessTo(unit);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
    }
}

/// <summary>Cancels a child whose parent was cancelled.</summary>
internal sealed class CancelJob(WorkflowRuntime runtime) : IJobHandler
{
    public Task RunAsync(JobContext context, CancellationToken cancellationToken) =>
        runtime.CancelAsync(context.GetArgument<string>(0)!, "The workflow that waits for it was cancelled.", cancellationToken);
}

/// <summary>Goes on with an instance that committed with work left.</summary>
internal sealed class ContinueJob(WorkflowRuntime runtime) : IJobHandler
{
    public Task RunAsync(JobContext context, CancellationToken cancellationToken) =>
        runtime.ApplyAsync(context.GetArgument<string>(0)!, new Stimulus.Continue { CanRespond = false }, new CommitExtras { Job = context }, cancellationToken);
}

/// <summary>Publishes an event of a workflow.</summary>
internal sealed class EventJob(WorkflowRuntime runtime) : IJobHandler
{
    public Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var name = context.GetArgument<string>(0)!;
        var payload = JsonValues.TryParse(context.Arguments[1], out var value) ? value : null;
        return runtime.SendStimulusAsync(
            new StimulusRequest(StimulusNames.Event, StimulusHash.Event(name))
            {
                Payload = payload,
                CorrelationId = context.GetArgument<string>(2),
                InstanceId = context.GetArgument<string>(3),
                KeepWhenUnmatched = true,
                CanRespond = false,
                IdempotencyKey = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"job {context.Id}"),
            },
            cancellationToken);
    }
}

/// <summary>Tells a parent that its child rests for the first time, or has ended.</summary>
internal sealed class ChildRestedJob(WorkflowRuntime runtime) : IJobHandler
{
    public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var childId = context.GetArgument<string>(0)!;
        var parentId = context.GetArgument<string>(1)!;
        var failure = context.Arguments.Count > 4 ? context.GetArgument<string>(4) : null;
        var child = failure is null ? await runtime.FindAsync(childId, cancellationToken) : null;
        var result = child is null
            ? new ChildResult(childId, WorkflowStatus.Finished, WorkflowSubStatus.Faulted, new Dictionary<string, object?>(StringComparer.Ordinal))
            : new ChildResult(childId, child.Status, child.SubStatus, child.Output);
        if (context.GetArgument<string>(2) is { } operationId)
        {
            var ended = failure is null
                ? new OperationResult { Outputs = result.ToPlain() }
                : new OperationResult { Error = new OperationError(OperationErrorKind.Failed, failure) };
            await runtime.EndOperationAsync(operationId, ended, new CommitExtras { Job = context }, cancellationToken);
        }

        if (context.GetArgument<string>(3) is { } stimulus)
        {
            // Kept if the parent's bookmark is still to come: it has just been told that the child waits.
            await runtime.SendStimulusAsync(
                new StimulusRequest(stimulus, StimulusHash.Child(stimulus, childId)) { InstanceId = parentId, Payload = result.ToPlain(), ResumeOnly = true, KeepWhenUnmatched = true, CanRespond = false },
                cancellationToken);
        }
    }
}
