using Automation.Workflows.Activities.Control;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities.Composition;

[Activity("Elsa.BulkDispatchWorkflows", Category = "Composition", Kind = ActivityKind.Task, Description = "Create new workflow instances for each item in the data source and dispatch them for execution.")]
[Outcome("Completed")]
[Outcome("Canceled")]
[Outcome("Done")]
internal sealed class BulkDispatchWorkflows : Activity
{
    private static readonly string[] Finished = ["Completed", "Done"];

    [Input(UIHint = "workflow-definition-picker", Description = "The definition ID of the workflows to dispatch.")]
    public Input<string?> WorkflowDefinitionId { get; } = new();

    [Input(Description = "The data source to use for dispatching the workflows.")]
    public Input<object?> Items { get; } = new();

    [Input(DefaultValue = "Item", Description = "The default key to use for the input name when sending the current item to the dispatched workflow. Will not be used if the Items field contain a list of dictionaries")]
    public Input<string?> DefaultItemInputKey { get; } = new();

    [Input(AutoEvaluate = false, Description = "A function to compute the correlation ID to associate a dispatched workflow with.")]
    public Input<string?> CorrelationIdFunction { get; } = new();

    [Input(UIHint = "dictionary", Description = "Additional input to send to the workflows being dispatched.")]
    public Input<IReadOnlyDictionary<string, object?>?> Input { get; } = new();

    [Input(DefaultValue = true, Description = "Wait for the dispatched workflows to complete before completing this activity.")]
    public Input<bool?> WaitForCompletion { get; } = new();

    [Input(Category = "Open Telemetry", DefaultValue = false, Description = "Start a new trace context when using Open Telemetry.")]
    public Input<bool?> StartNewTrace { get; } = new();

    [Input(DisplayName = "Channel", UIHint = "dropdown", Options = ["Default"], Description = "The channel to dispatch the workflow to.")]
    public Input<string?> ChannelName { get; } = new();

    [Child(Name = "ChildCompleted")]
    public CompiledActivity? CompletedChild { get; set; }

    [Child(Name = "ChildFaulted")]
    public CompiledActivity? FaultedChild { get; set; }

    internal override bool StartsOwnOperation => true;

    protected internal override void Execute(ActivityContext context)
    {
        var definition = ChildWorkflows.Definition(context, WorkflowDefinitionId.Get(context));
        var items = Items.Get(context) is { } given ? LoopItems.Read(given) : [];
        var wait = WaitForCompletion.Get(context) is not false;
        foreach (var item in items)
        {
            var input = ChildWorkflows.Input(context, Input.Get(context));
            if (item is IReadOnlyDictionary<string, object?> members)
            {
                foreach (var (name, value) in members)
                    input[name] = value;
            }
            else
            {
                input[DefaultItemInputKey.Get(context) is { Length: > 0 } key ? key : "Item"] = item;
            }

            context.CurrentItem = item;
            var correlation = CorrelationIdFunction.IsSet(context) ? CorrelationIdFunction.Evaluate(context) : null;
            var child = ChildWorkflows.NewId(context);
            context.Request(new StartWorkflow(definition, child, input, correlation)
            {
                ParentInstanceId = context.InstanceId,
                EventId = context.EventId,
                ChannelName = ChannelName.Get(context),
                CompletionStimulus = wait ? StimulusNames.BulkDispatchWorkflows : null,
            });
            if (wait)
                context.CreateBookmark(StimulusNames.BulkDispatchWorkflows, ChildWorkflows.Payload(child));
        }

        if (context.BookmarkCount == 0)
            context.CompleteWith(Finished);
    }

    protected internal override void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        var port = ChildWorkflows.Text(payload, "subStatus") is "Faulted" ? FaultedChild : CompletedChild;
        if (port is not null)
            context.Schedule(port);
        CompleteWhenDone(context);
    }

    protected internal override void ChildCompleted(ActivityContext context, ActivityContext child) => CompleteWhenDone(context);

    private static void CompleteWhenDone(ActivityContext context)
    {
        if (context.BookmarkCount == 0 && context.ActiveChildren == 0 && context.FaultedChildren == 0)
            context.CompleteWith(Finished);
    }
}
