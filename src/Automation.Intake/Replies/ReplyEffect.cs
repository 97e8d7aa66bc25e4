using Automation.Intake.Mapping;
using Automation.Workflows.Execution;

namespace Automation.Intake.Replies;

/// <summary>When a reply goes out.</summary>
internal enum ReplyWhen
{
    /// <summary>In the answer to the sender's request; where that is gone, like <see cref="Later"/>.</summary>
    Now,

    /// <summary>To the sender's reply URL, by a job.</summary>
    Later,
}

/// <summary>A workflow answers the event that it serves.</summary>
/// <param name="EventId">The event.</param>
/// <param name="Id">The execution of the activity, which names the reply.</param>
/// <param name="ActivityId">The activity.</param>
/// <param name="When">When it goes out.</param>
internal abstract record ReplyEffect(string EventId, string Id, string ActivityId, ReplyWhen When) : WorkflowEffect
{
    /// <summary>The bytes, with what they take over from the event. Must not fail: the activity has checked its inputs.</summary>
    /// <param name="payload">The event.</param>
    /// <param name="toUrl">Whether they go to the reply URL.</param>
    public abstract ReplyContent Content(EventPayload payload, bool toUrl);
}

/// <summary>A reply whose bytes are known beforehand.</summary>
internal sealed record FixedReply(string EventId, string Id, string ActivityId, ReplyContent Reply) : ReplyEffect(EventId, Id, ActivityId, ReplyWhen.Now)
{
    public override ReplyContent Content(EventPayload payload, bool toUrl) => Reply;
}

/// <summary>A JSON object that takes something over from the event. Its maker is told whether it goes to the reply URL.</summary>
internal sealed record JsonReply(string EventId, string Id, string ActivityId, ReplyWhen When, Func<EventPayload, bool, object> Body) : ReplyEffect(EventId, Id, ActivityId, When)
{
    public override ReplyContent Content(EventPayload payload, bool toUrl) =>
        new(200, ReplyContent.Json, null, Workflows.Definitions.PlainValues.ToJson(Body(payload, toUrl)));
}

/// <summary>Actions for AI Flow. Those of one turn go out together: one as an object, several as a list.</summary>
internal sealed record AiFlowReply(string EventId, string Id, string ActivityId) : ReplyEffect(EventId, Id, ActivityId, ReplyWhen.Now)
{
    /// <summary>The actions, without their session.</summary>
    public List<Dictionary<string, object?>> Actions { get; } = [];

    public override ReplyContent Content(EventPayload payload, bool toUrl)
    {
        var session = payload.At("session.id") as string ?? payload.Incoming.CorrelationKey;
        foreach (var action in Actions)
            action["session_id"] = session;
        object body = Actions is [var only] ? only : Actions.ConvertAll(a => (object?)a);
        return new ReplyContent(200, ReplyContent.Json, null, Workflows.Definitions.PlainValues.ToJson(body));
    }
}
