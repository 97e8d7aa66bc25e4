using Automation.Workflows.Execution;

namespace Automation.Workflows.Activities.Composition;

/// <summary>What activities that start other workflows have in common.</summary>
internal static class ChildWorkflows
{
    public const string ParentInstanceId = "ParentInstanceId";

    public static string NewId(ActivityContext context) => Guid.CreateVersion7(context.Now).ToString("D");

    public static Dictionary<string, object?> Input(ActivityContext context, IReadOnlyDictionary<string, object?>? given)
    {
        var input = new Dictionary<string, object?>(given ?? new Dictionary<string, object?>(StringComparer.Ordinal), StringComparer.Ordinal)
        {
            [ParentInstanceId] = context.InstanceId,
        };
        return input;
    }

    public static string Definition(ActivityContext context, string? definitionId)
    {
        if (string.IsNullOrEmpty(definitionId))
            throw new WorkflowFaultException("WorkflowDefinitionId is required.");
        if (context.Burst.IsPublished is { } exists && !exists(definitionId))
            throw new WorkflowFaultException($"No published version of workflow definition with ID {definitionId} found.") { TypeName = "Exception" };
        return definitionId;
    }

    public static Dictionary<string, object?> Payload(string childInstanceId) => new(StringComparer.Ordinal) { ["childInstanceId"] = childInstanceId };

    /// <summary>The outputs out of what the runtime sends when a child has ended.</summary>
    public static object? Output(object? payload) =>
        payload is IReadOnlyDictionary<string, object?> map ? map.GetValueOrDefault("output") : null;

    public static string? Text(object? payload, string name) =>
        payload is IReadOnlyDictionary<string, object?> map ? map.GetValueOrDefault(name) as string : null;
}

[Activity("Elsa.DispatchWorkflow", Category = "Composition", Description = "Create a new workflow instance of the specified workflow and dispatch it for execution.")]
internal sealed class DispatchWorkflow : Activity
{
    [Input(UIHint = "workflow-definition-picker", Description = "The definition ID of the workflow to dispatch.")]
    public Input<string?> WorkflowDefinitionId { get; } = new();

    [Input(Description = "The correlation ID to associate the workflow with.")]
    public Input<string?> CorrelationId { get; } = new();

    [Input(UIHint = "dictionary", Description = "The input to send to the workflow.")]
    public Input<IReadOnlyDictionary<string, object?>?> Input { get; } = new();

    [Input(Description = "Wait for the child workflow to complete before completing this activity.")]
    public Input<bool?> WaitForCompletion { get; } = new();

    [Input(Category = "Open Telemetry", Description = "Start a new trace context when using Open Telemetry.")]
    public Input<bool?> StartNewTrace { get; } = new();

    [Input(DisplayName = "Channel", UIHint = "dropdown", Options = ["Default"], Description = "The channel to dispatch the workflow to.")]
    public Input<string?> ChannelName { get; } = new();

    [Output]
    public Output<object?> Result { get; } = new();

    protected internal override void Execute(ActivityContext context)
    {
        var definition = ChildWorkflows.Definition(context, WorkflowDefinitionId.Get(context));
        var wait = WaitForCompletion.Get(context) is true;
        var child = ChildWorkflows.NewId(context);
        context.Request(new StartWorkflow(definition, child, ChildWorkflows.Input(context, Input.Get(context)), CorrelationId.Get(context))
        {
            ParentInstanceId = context.InstanceId,
            EventId = context.EventId,
            ChannelName = ChannelName.Get(context),
            CompletionStimulus = wait ? StimulusNames.DispatchWorkflow : null,
        });
        if (wait)
            context.CreateBookmark(StimulusNames.DispatchWorkflow, ChildWorkflows.Payload(child));
        else
            context.Complete();
    }

    protected internal override void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        Result.Set(context, ChildWorkflows.Output(payload));
        context.Complete();
    }
}

[Activity("Elsa.ExecuteWorkflow", Category = "Composition", Kind = ActivityKind.Task, Description = "Create a new workflow instance of the specified workflow and execute it.")]
internal sealed class ExecuteWorkflow : Activity
{
    [Input(UIHint = "workflow-definition-picker", Description = "The definition ID of the workflow to execute.")]
    public Input<string?> WorkflowDefinitionId { get; } = new();

    [Input(Description = "The correlation ID to associate the workflow with.")]
    public Input<string?> CorrelationId { get; } = new();

    [Input(UIHint = "dictionary", Description = "The input to send to the workflow.")]
    public Input<IReadOnlyDictionary<string, object?>?> Input { get; } = new();

    [Input(Description = "Wait for the child workflow to complete before completing this activity.")]
    public Input<bool?> WaitForCompletion { get; } = new();

    [Output(TypeName = "Elsa.Workflows.Runtime.ExecuteWorkflowResult, Elsa.Workflows.Runtime")]
    public Output<object?> Result { get; } = new();

    internal override bool StartsOwnOperation => true;

    /// <summary>Whether the child runs inside the job or beside it is the runtime's matter; either way the parent goes on when it is idle.</summary>
    protected internal override void Execute(ActivityContext context)
    {
        var definition = ChildWorkflows.Definition(context, WorkflowDefinitionId.Get(context));
        var given = Input.Get(context);
        var input = ChildWorkflows.Input(context, given);
        if (given is not null)
            context.Inputs[Input.Slot] = input;
        var child = ChildWorkflows.NewId(context);
        var operation = context.Burst.AddOperation(context);
        operation.ChildInstanceId = child;
        context.Request(new StartWorkflow(definition, child, input, CorrelationId.Get(context))
        {
            ParentInstanceId = context.InstanceId,
            EventId = context.EventId,
            OperationId = operation.Id,
            CompletionStimulus = WaitForCompletion.Get(context) is true ? StimulusNames.ExecuteWorkflow : null,
        });
    }

    protected internal override void OperationEnded(ActivityContext context, OperationResult result)
    {
        result.ThrowIfFailed();
        var id = ChildWorkflows.Text(result.Outputs, "workflowInstanceId") ?? "";
        if (WaitForCompletion.Get(context) is true && ChildWorkflows.Text(result.Outputs, "status") is "Running")
            context.CreateBookmark(StimulusNames.ExecuteWorkflow, ChildWorkflows.Payload(id));
        else
            End(context, result.Outputs);
    }

    protected internal override void Resume(ActivityContext context, Bookmark bookmark, object? payload) =>
        End(context, payload as IReadOnlyDictionary<string, object?> ?? new Dictionary<string, object?>(StringComparer.Ordinal));

    private void End(ActivityContext context, IReadOnlyDictionary<string, object?> result)
    {
        context.SetOutput(Result.Slot, new ExecuteWorkflowResult(result), result);
        context.Complete();
    }
}
