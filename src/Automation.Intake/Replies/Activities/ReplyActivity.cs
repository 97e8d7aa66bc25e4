using System.Globalization;
using System.Text.Json;
using Automation.Workflows.Activities;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;

namespace Automation.Intake.Replies.Activities;

/// <summary>
/// An activity that answers the event which is served now. It runs inside the burst: the answer is on its way as soon as
/// the burst is on disk. Where no event led here, for instance in a test run, it says so in the journal and goes on.
/// </summary>
internal abstract class ReplyActivity : Activity
{
    protected sealed override void Execute(ActivityContext context)
    {
        if (context.EventId is { } eventId)
            Reply(context, eventId);
        else
            context.AddJournalEntry("Reply", "No event from outside led here, so there is nobody to answer.");
        context.Complete();
    }

    /// <summary>Asks for the reply.</summary>
    /// <exception cref="WorkflowFaultException">The inputs make no reply that the sender would take.</exception>
    protected abstract void Reply(ActivityContext context, string eventId);

    /// <summary>A JSON body.</summary>
    /// <param name="context">The execution.</param>
    /// <param name="eventId">The event.</param>
    /// <param name="body">The body without what is taken over from the event.</param>
    /// <param name="when">When it goes out.</param>
    /// <param name="finish">Adds what is taken over from the event; null for nothing.</param>
    protected static void ReplyJson(
        ActivityContext context, string eventId, Dictionary<string, object?> body, ReplyWhen when = ReplyWhen.Now,
        Func<Dictionary<string, object?>, Mapping.EventPayload, bool, object>? finish = null)
    {
        // Written once here, so that a value that has no JSON form or is too large is this activity's fault and no one else's.
        RequireSize(PlainValues.ToJson(body).Length);
        context.Request(new JsonReply(eventId, context.Id, context.Activity.Id, when, (payload, toUrl) => finish?.Invoke(body, payload, toUrl) ?? body));
    }

    protected static void RequireSize(int bytes)
    {
        if (bytes > ReplyContent.MaxBytes)
            throw new WorkflowFaultException(string.Create(CultureInfo.InvariantCulture, $"The reply has {bytes} bytes; at most {ReplyContent.MaxBytes} are sent."));
    }

    /// <summary>A value as JSON sees it: text that is JSON, as editors give it, is read.</summary>
    protected static object? Value(object? value)
    {
        if (value is JsonElement element)
            value = PlainValues.From(element);
        if (value is not string text)
            return value;
        var start = text.AsSpan().TrimStart();
        return start.Length > 0 && start[0] is '{' or '[' && PlainValues.TryParse(text, out var parsed) ? parsed : text;
    }

    /// <summary>A value as a list: none for nothing, one for a single value.</summary>
    protected static IReadOnlyList<object?> List(object? value) => Value(value) switch
    {
        null or "" => [],
        IReadOnlyDictionary<string, object?> map => [map],
        string text => [text],
        System.Collections.IEnumerable list => [.. list.Cast<object?>()],
        var one => [one],
    };

    /// <exception cref="WorkflowFaultException">The value is no JSON object.</exception>
    protected static IReadOnlyDictionary<string, object?>? Map(object? value, string input) => Value(value) switch
    {
        null or "" => null,
        IReadOnlyDictionary<string, object?> map => map,
        _ => throw new WorkflowFaultException($"{input} must be a JSON object."),
    };

    protected static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    /// <summary>Adds a member where there is a value.</summary>
    protected static void Set(Dictionary<string, object?> body, string name, object? value)
    {
        if (value is not null)
            body[name] = value;
    }

    /// <exception cref="WorkflowFaultException">The value is out of range.</exception>
    protected static object? Between(double? value, double least, double most, string input)
    {
        if (value is { } given && !(given >= least && given <= most))
            throw new WorkflowFaultException(string.Create(CultureInfo.InvariantCulture, $"{input} is {value}; allowed: {least} to {most}."));
        return value is { } number && number == Math.Floor(number) ? (long)number : value;
    }
}
