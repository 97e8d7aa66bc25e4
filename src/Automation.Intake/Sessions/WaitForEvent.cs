using Automation.Intake.Triggers;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;

namespace Automation.Intake.Sessions;

/// <summary>
/// Waits for the next event of the same call, session or thread. At the beginning of a workflow it is a trigger: each
/// such event that no instance waits for starts one.
/// </summary>
[Activity(Type, Category = "Events", DisplayName = "Wait for event", Kind = ActivityKind.Trigger, Description = "Waits for the next webhook event of the same call, session or thread. At the beginning it starts the workflow.")]
[Outcome("Done"), Outcome(TimedOut)]
internal sealed class WaitForEvent : Activity
{
    public const string Type = SessionWait.Name;

    private const string TimedOut = "Timed out";
    private const string TimeoutTag = "timeout";

    [Input(Order = 0, DefaultValue = "*", Description = "Slug of the source; * stands for any characters.")]
    public Input<string?> Source { get; } = new();

    [Input(Order = 1, DefaultValue = "*", Description = "Event type, such as user_speak; * stands for any characters.")]
    public Input<string?> EventType { get; } = new();

    [Input(Order = 2, UIHint = "multiline", Description = "JavaScript that must be true for the event, such as event.payload.text.length > 0. Events that it refuses are not taken.")]
    public Input<string?> Filter { get; } = new();

    [Input(Order = 3, Description = "How long it waits, such as 00:00:30. Empty: without end.")]
    public Input<TimeSpan?> Timeout { get; } = new();

    [Input(Order = 30, Category = "Advanced", Description = "Correlation key of the events. Default: the instance's correlation id.")]
    public Input<string?> CorrelationKey { get; } = new();

    [Output(Description = "The event: id, source, type, correlationKey, occurredAt, receivedAt, payload. Empty after a timeout.")]
    public Output<object?> Result { get; } = new();

    [Output(Description = "The event's payload.")]
    public Output<object?> Payload { get; } = new();

    protected override IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context) =>
    [
        new TriggerStimulus(EventReceived.Stimulus, new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["source"] = Pattern(Source.Get(context)), ["type"] = Pattern(EventType.Get(context)), ["filter"] = Given(Filter.Get(context)),
        }),
    ];

    protected override void Execute(ActivityContext context)
    {
        if (context.IsTrigger)
        {
            Take(context, context.TriggerPayload);
            return;
        }

        SessionWait.Begin(context, Pattern(Source.Get(context)), Pattern(EventType.Get(context)), Given(Filter.Get(context)), Given(CorrelationKey.Get(context)));
        if (Timeout.Get(context) is { } timeout)
        {
            if (timeout <= TimeSpan.Zero)
                throw new WorkflowFaultException($"Timeout is {timeout}; it must be longer than nothing.");
            context.CreateBookmark(Type + ".Timeout", dueAt: context.Now + timeout, tag: TimeoutTag);
        }
    }

    protected override void Resume(ActivityContext context, Bookmark bookmark, object? payload)
    {
        if (bookmark.Tag == TimeoutTag)
            context.CompleteWith([TimedOut]);
        else
            Take(context, payload);
    }

    private void Take(ActivityContext context, object? payload)
    {
        Result.Set(context, payload);
        Payload.Set(context, (payload as IReadOnlyDictionary<string, object?>)?.GetValueOrDefault("payload"));
        context.CompleteWith(["Done"]);
    }

    private static string Pattern(string? text) => Given(text) ?? "*";

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
