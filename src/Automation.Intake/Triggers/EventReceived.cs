using System.Text.Json.Nodes;
using Automation.Intake.Mapping;
using Automation.Intake.Sessions;
using Automation.Workflows.Activities;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Intake.Triggers;

/// <summary>
/// Starts a workflow when an event arrives: any event, or those of a source, of a type, or that pass a filter. It also stands
/// for the activities of single event types, see <see cref="EventActivities"/>.
/// </summary>
[Activity(
    TypeName, Category = "Events", DisplayName = "Event received", Kind = ActivityKind.Trigger,
    Description = "Starts the workflow when a webhook event arrives.")]
public sealed class EventReceived : Activity
{
    internal const string TypeName = "Automation.EventReceived";

    /// <summary>Name of the stimulus, under which the triggers of published workflows are indexed.</summary>
    internal const string Stimulus = "Automation.EventReceived";

    private static readonly ExpressionCompiler Syntax = RuleScripts.Create(TimeProvider.System);

    private string? _filter;

    /// <summary>Slug of the source.</summary>
    [Input(OptionsFrom = ChoiceLists.Sources, DefaultValue = "*", Description = "The source that the event comes from. As text of another syntax * stands for any characters.")]
    public Input<string?> Source { get; } = new();

    /// <summary>Event type.</summary>
    [Input(OptionsFrom = ChoiceLists.EventTypes, DefaultValue = "*", Description = "The event's type. One that is not listed is written in Liquid, as it is; * stands for any characters.")]
    public Input<string?> EventType { get; } = new();

    /// <summary>Which of the events.</summary>
    [Input(
        UIHint = "code-editor", DefaultSyntax = "JavaScript", AutoEvaluate = false,
        Description = "JavaScript that must be true for the event, for example event.payload.data.outcome === 'completed'. Leave empty to take every event.")]
    public Input<string?> Filter { get; } = new();

    /// <summary>What the sender sent.</summary>
    [Output(DisplayName = "Payload", Description = "What the sender sent.")]
    public Output<object?> Result { get; } = new();

    /// <summary>The event.</summary>
    [Output(TypeName = "ObjectDictionary", Description = "The event: id, source, type, correlationKey, occurredAt, receivedAt, payload.")]
    public Output<object?> Event { get; } = new();

    /// <inheritdoc/>
    protected override void Compile(ActivityCompilation context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Json["filter"] is not JsonObject { } input || input["expression"] is not JsonObject expression
            || expression["value"] is not JsonValue value || !value.TryGetValue(out string? text) || string.IsNullOrWhiteSpace(text))
        {
            return;
        }

        // The filter decides before there is an instance, so it is read as it stands instead of being evaluated by one.
        if (expression["type"] is JsonValue syntax && syntax.TryGetValue(out string? name) && name is not ("JavaScript" or "Literal"))
        {
            context.Error("filter", $"must be JavaScript, but is {name}.");
            return;
        }

        try
        {
            _ = Syntax.Condition(text);
            _filter = text;
        }
        catch (FormatException e)
        {
            context.Error("filter", e.Message);
        }
    }

    /// <inheritdoc/>
    protected override IEnumerable<TriggerStimulus> GetTriggers(ActivityContext context)
    {
        yield return new TriggerStimulus(Stimulus, Payload(context));
    }

    /// <inheritdoc/>
    protected override void Execute(ActivityContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.IsTrigger)
            Receive(context, context.TriggerPayload);
        else
            Wait(context);
    }

    /// <inheritdoc/>
    protected override void Resume(ActivityContext context, Bookmark bookmark, object? payload) => Receive(context, payload);

    /// <summary>In the middle of a workflow: the next such event of the same call, session or thread.</summary>
    private void Wait(ActivityContext context)
    {
        var payload = Payload(context);
        SessionWait.Begin(context, (string)payload["source"]!, (string)payload["type"]!, _filter);
    }

    private void Receive(ActivityContext context, object? payload)
    {
        var @event = payload as IReadOnlyDictionary<string, object?> ?? new Dictionary<string, object?>(StringComparer.Ordinal);
        Result.Set(context, @event.GetValueOrDefault("payload"));
        Event.Set(context, @event);
        context.Complete();
    }

    private Dictionary<string, object?> Payload(ActivityContext context)
    {
        var (source, type) = EventActivities.Parse(Node.Type) ?? (Given(Source.Get(context)), Given(EventType.Get(context)));
        var payload = new Dictionary<string, object?>(StringComparer.Ordinal) { ["source"] = source, ["type"] = type };
        if (_filter is not null)
            payload["filter"] = _filter;
        return payload;

        static string Given(string? text) => string.IsNullOrWhiteSpace(text) ? "*" : text.Trim();
    }
}
