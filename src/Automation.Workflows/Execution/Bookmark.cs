using System.Security.Cryptography;
using System.Text.Json;
using Automation.Workflows.Activities.Http;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Execution;

/// <summary>A place where an instance waits.</summary>
/// <param name="Id">Unique among all instances.</param>
/// <param name="Name">Name of the stimulus that resumes it, such as <c>Elsa.Event</c>.</param>
/// <param name="Hash">Stimulus hash, see <see cref="StimulusHash"/>.</param>
/// <param name="Payload">What it is matched by; a plain value or null.</param>
/// <param name="ActivityId">The waiting activity.</param>
/// <param name="ActivityNodeId">Its node id.</param>
/// <param name="ActivityOrdinal">Number of the waiting execution within the instance.</param>
/// <param name="CreatedAt">When it was made.</param>
public sealed record Bookmark(
    string Id, string Name, string Hash, object? Payload, string ActivityId, string ActivityNodeId, long ActivityOrdinal, DateTimeOffset CreatedAt)
{
    /// <summary>When it is to be resumed by the clock; null for never.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Whether it bounds the time of the execution instead of being what that waits for.</summary>
    internal bool IsTimeout => string.Equals(Name, StimulusNames.Timeout, StringComparison.Ordinal);

    /// <summary>Whether it is removed when used.</summary>
    public bool AutoBurn { get; init; } = true;

    /// <summary>What the activity gave it for itself, for instance which callback to take.</summary>
    public string? Tag { get; init; }

    /// <summary>Data that does not take part in matching; a plain value.</summary>
    public object? Options { get; init; }

    /// <summary>The event from outside that the instance served when it was made; null for none.</summary>
    public string? EventId { get; init; }
}

/// <summary>Names of the stimuli that the built-in activities wait for.</summary>
public static class StimulusNames
{
    /// <summary>A published event.</summary>
    public const string Event = "Elsa.Event";

    /// <summary>An HTTP request.</summary>
    public const string HttpEndpoint = "Elsa.HttpEndpoint";

    /// <summary>A completed task.</summary>
    public const string RunTask = "Elsa.RunTask";

    /// <summary>The end of a child workflow started by <c>DispatchWorkflow</c>.</summary>
    public const string DispatchWorkflow = "Elsa.DispatchWorkflow";

    /// <summary>The end of a child workflow started by <c>ExecuteWorkflow</c>.</summary>
    public const string ExecuteWorkflow = "Elsa.ExecuteWorkflow";

    /// <summary>The end of a child workflow started by <c>BulkDispatchWorkflows</c>.</summary>
    public const string BulkDispatchWorkflows = "Elsa.BulkDispatchWorkflows";

    /// <summary>The end of a delay.</summary>
    public const string Delay = "Elsa.Delay";

    /// <summary>A tick of a timer.</summary>
    public const string Timer = "Elsa.Timer";

    /// <summary>An occurrence of a cron expression.</summary>
    public const string Cron = "Elsa.Cron";

    /// <summary>A point in time.</summary>
    public const string StartAt = "Elsa.StartAt";

    /// <summary>The end of the time that an activity or a workflow is allowed.</summary>
    public const string Timeout = "Timeout";

    /// <summary>The end of a background activity.</summary>
    public const string BackgroundActivity = "BackgroundActivity";
}

/// <summary>The hash by which stimuli find triggers and bookmarks.</summary>
public static class StimulusHash
{
    /// <summary>Upper-case hexadecimal SHA-256 of the name and the payload's JSON.</summary>
    /// <param name="name">Stimulus name.</param>
    /// <param name="payload">A plain value; members that are null do not count. Null for none.</param>
    /// <param name="activityInstanceId">Narrows it to one execution; null for any.</param>
    public static string Compute(string name, object? payload, string? activityInstanceId = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(128);
        Append(buffer, name);
        // Templates that match the same paths have the same hash, whatever they call their parameters.
        if (name == StimulusNames.HttpEndpoint && payload is Dictionary<string, object?> http)
            payload = RouteKey(http);
        if (payload is not null)
        {
            Append(buffer, "|");
            using var writer = new Utf8JsonWriter(buffer, JsonValues.WriterOptions);
            JsonValues.Write(writer, WithoutNulls(payload));
        }

        if (activityInstanceId is not null)
        {
            Append(buffer, "|");
            Append(buffer, activityInstanceId);
        }

        return ToHash(buffer);
    }

    private static string ToHash(System.Buffers.ArrayBufferWriter<byte> buffer)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer.WrittenSpan, hash);
        return System.Convert.ToHexString(hash);
    }

    /// <summary>Hash of an event.</summary>
    /// <param name="eventName">The event's name; matched exactly.</param>
    public static string Event(string eventName) => Compute(StimulusNames.Event, new Dictionary<string, object?>(StringComparer.Ordinal) { ["eventName"] = eventName });

    /// <summary>Hash of a task.</summary>
    /// <param name="taskId">The task's id.</param>
    public static string Task(string taskId) => Compute(StimulusNames.RunTask, new Dictionary<string, object?>(StringComparer.Ordinal) { ["taskId"] = taskId });

    /// <summary>Hash of an HTTP endpoint.</summary>
    /// <param name="path">The path template, such as <c>orders/{id}</c>.</param>
    /// <param name="method">The method; matched without regard to case.</param>
    public static string Http(string path, string method) => Compute(StimulusNames.HttpEndpoint, HttpPayload(path, method));

    /// <summary>Hash of the endpoints whose route has a key.</summary>
    internal static string HttpKey(string key, string method)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(128);
        Append(buffer, StimulusNames.HttpEndpoint + "|");
        using (var writer = new Utf8JsonWriter(buffer, JsonValues.WriterOptions))
            JsonValues.Write(writer, new Dictionary<string, object?>(StringComparer.Ordinal) { ["path"] = key, ["method"] = method.ToLowerInvariant() });
        return ToHash(buffer);
    }

    /// <summary>Hash of the end of a child workflow.</summary>
    /// <param name="name">The name of the waiting activity's stimulus, such as <see cref="StimulusNames.DispatchWorkflow"/>.</param>
    /// <param name="childInstanceId">The child.</param>
    public static string Child(string name, string childInstanceId) =>
        Compute(name, new Dictionary<string, object?>(StringComparer.Ordinal) { ["childInstanceId"] = childInstanceId });

    internal static Dictionary<string, object?> HttpPayload(string path, string method) => new(StringComparer.Ordinal)
    {
        ["path"] = path.Trim('/').ToLowerInvariant(),
        ["method"] = method.ToLowerInvariant(),
    };

    private static Dictionary<string, object?> RouteKey(Dictionary<string, object?> payload) =>
        HttpRoute.TryParse(payload.GetValueOrDefault("path") as string, out var route)
            ? new Dictionary<string, object?>(payload, StringComparer.Ordinal) { ["path"] = route.Key }
            : payload;

    private static object? WithoutNulls(object payload) =>
        payload is Dictionary<string, object?> map && map.Values.Any(v => v is null)
            ? map.Where(p => p.Value is not null).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal)
            : payload;

    private static void Append(System.Buffers.ArrayBufferWriter<byte> buffer, string text) =>
        buffer.Advance(System.Text.Encoding.UTF8.GetBytes(text, buffer.GetSpan(text.Length * 3)));
}
