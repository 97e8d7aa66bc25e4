using System.Collections.Concurrent;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Workflows.Tests.Runtime.Support;

/// <summary>An activity whose work the test does as a background job.</summary>
[Activity("Test.Work", Kind = ActivityKind.Task, RunAsynchronously = true)]
internal sealed class Work : Activity
{
    [Input]
    public Input<string> Text { get; } = new();

    [Output]
    public Output<object?> Result { get; } = new();

    protected internal override void Execute(ActivityContext context) => context.Complete();

    protected internal override void OperationEnded(ActivityContext context, OperationResult result)
    {
        if (result.Outputs.TryGetValue("Result", out var value))
            Result.Set(context, value);
        base.OperationEnded(context, result);
    }
}

/// <summary>Does the work as the test says.</summary>
internal sealed class Worker : IBackgroundActivity
{
    public ConcurrentQueue<BackgroundOperation> Seen { get; } = new();

    public Func<BackgroundOperation, CancellationToken, Task<OperationResult>> Do { get; set; } = (_, _) => Task.FromResult(new OperationResult());

    public Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        Seen.Enqueue(operation);
        return Do(operation, cancellationToken);
    }
}
