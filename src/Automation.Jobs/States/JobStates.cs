using System.Globalization;
using System.Text.Json;
using Automation.Jobs.Serialization;

namespace Automation.Jobs;

/// <summary>The states of a job, by their names in the database.</summary>
public static class JobStates
{
    /// <summary>In a queue, to be run as soon as a worker is free.</summary>
    public const string Enqueued = "Enqueued";

    /// <summary>Waits for a time, or for its next attempt.</summary>
    public const string Scheduled = "Scheduled";

    /// <summary>Waits for another job to finish.</summary>
    public const string Awaiting = "Awaiting";

    /// <summary>A server has taken it and runs it.</summary>
    public const string Processing = "Processing";

    /// <summary>Done; expires after a while.</summary>
    public const string Succeeded = "Succeeded";

    /// <summary>Gave up; stays until a person decides.</summary>
    public const string Failed = "Failed";

    /// <summary>Will not run; expires after a while.</summary>
    public const string Deleted = "Deleted";

    /// <summary>All states, in the order in which pages list them.</summary>
    public static IReadOnlyList<string> All { get; } = [Enqueued, Scheduled, Processing, Succeeded, Failed, Deleted, Awaiting];

    internal static bool IsFinal(string? name) => name is Succeeded or Deleted;

    internal static bool CanStart(string? name) => name is Enqueued or Scheduled or Processing;
}

/// <summary>One row of a job's history.</summary>
internal readonly record struct StateRow(string Name, string? Reason, DateTime CreatedAt, string Data)
{
    private const int MaxDetailLines = 100;

    public static StateRow Enqueued(DateTime at, string queue, string? reason = null) =>
        new(JobStates.Enqueued, reason, at, $$"""{"EnqueuedAt":"{{JobTime.Format(at)}}","Queue":"{{queue}}"}""");

    public static StateRow Scheduled(DateTime at, DateTime enqueueAt, string? reason = null) =>
        new(JobStates.Scheduled, reason, at, $$"""{"EnqueueAt":"{{JobTime.Format(enqueueAt)}}","ScheduledAt":"{{JobTime.Format(at)}}"}""");

    public static StateRow Processing(DateTime at, string serverId, string workerId) =>
        new(JobStates.Processing, null, at, $$"""{"StartedAt":"{{JobTime.Format(at)}}","ServerId":{{JobJson.Quote(serverId)}},"WorkerId":"{{workerId}}"}""");

    public static StateRow Succeeded(DateTime at, TimeSpan duration, TimeSpan latency, string? resultJson) =>
        new(JobStates.Succeeded, null, at, string.Create(CultureInfo.InvariantCulture,
            $$"""{"SucceededAt":"{{JobTime.Format(at)}}","PerformanceDuration":"{{Math.Max(0, (long)duration.TotalMilliseconds)}}","Latency":"{{Math.Max(0, (long)latency.TotalMilliseconds)}}"{{(resultJson is null ? "" : ",\"Result\":" + JobJson.Quote(resultJson))}}}"""));

    public static StateRow Failed(DateTime at, Exception exception, string? serverId, string? reason) =>
        new(JobStates.Failed, reason, at, JobJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("FailedAt", JobTime.Format(at));
            writer.WriteString("ExceptionType", exception.GetType().FullName);
            writer.WriteString("ExceptionMessage", Storable(exception.Message));
            writer.WriteString("ExceptionDetails", Storable(FirstLines(exception.ToString())));
            if (serverId is not null)
                writer.WriteString("ServerId", serverId);
            writer.WriteEndObject();
        }));

    public static StateRow Deleted(DateTime at, string? reason, Exception? exception = null) =>
        new(JobStates.Deleted, reason, at, exception is null
            ? $$"""{"DeletedAt":"{{JobTime.Format(at)}}"}"""
            : $$"""{"DeletedAt":"{{JobTime.Format(at)}}","Exception":{{JobJson.Quote(ExceptionInfo(exception))}}}""");

    public static StateRow Awaiting(DateTime at, long parentId, string nextState, ContinuationOptions options) =>
        new(JobStates.Awaiting, null, at, string.Create(CultureInfo.InvariantCulture,
            $$"""{"ParentId":"{{parentId}}","NextState":{{JobJson.Quote(nextState)}},"Options":"{{(int)options}}"}"""));

    /// <summary>An exception as the Deleted state and continuations keep it.</summary>
    public static string ExceptionInfo(Exception exception) => JobJson.Write(writer => WriteInfo(writer, exception, 0));

    private static void WriteInfo(Utf8JsonWriter writer, Exception exception, int depth)
    {
        writer.WriteStartObject();
        writer.WriteString("e", exception.GetType().FullName);
        writer.WriteString("m", Storable(exception.Message));
        if (exception.InnerException is { } inner && depth < 10)
        {
            writer.WritePropertyName("i");
            WriteInfo(writer, inner, depth + 1);
        }

        writer.WriteEndObject();
    }

    // jsonb refuses the NUL character and text without its other half of a surrogate pair.
    private static string Storable(string text) => text.Replace('\0', '\uFFFD');

    private static string FirstLines(string text)
    {
        var end = -1;
        for (var line = 0; line < MaxDetailLines; line++)
        {
            end = text.IndexOf('\n', end + 1);
            if (end < 0)
                return text;
        }

        return text[..end];
    }
}
