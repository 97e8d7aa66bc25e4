using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Primitives;

[Activity("Elsa.RunTask", Category = "Primitives", Description = "Requests a given task to be run. ")]
internal sealed class RunTask : Activity
{
    [Input(Description = "The name of the task being requested.")]
    public Input<string?> TaskName { get; } = new();

    [Input(UIHint = "dictionary", Description = "Any additional parameters to send to the task.")]
    public Input<IReadOnlyDictionary<string, object?>?> Payload { get; } = new();

    [Output(Description = "The ID of the task that was requested to run.")]
    public Output<string?> TaskId { get; } = new();

    [Output]
    public Output<object?> Result { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        if (TaskName.Get(context) is not { Length: > 0 } name)
            throw new WorkflowFaultException("TaskName is required.") { TypeName = "Exception" };
        var id = Guid.CreateVersion7(context.Now).ToString("D");
        TaskId.Set(context, id);
        context.CreateBookmark(
            StimulusNames.RunTask,
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["taskId"] = id, ["taskName"] = name },
            hash: StimulusHash.Task(id));
        context.Request(new RequestTask(id, name, Payload.Get(context), context.Ordinal));
    }

    protected internal override void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        Result.Set(context, payload);
        context.Complete();
    }
}
