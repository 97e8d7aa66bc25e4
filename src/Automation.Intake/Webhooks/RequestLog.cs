using Microsoft.Extensions.Logging;

namespace Automation.Intake.Webhooks;

/// <summary>
/// One line for each event while they come one by one; beyond so many a second, one line a second with their number, so
/// that the log never costs more than the events do.
/// </summary>
internal sealed partial class RequestLog(TimeProvider clock, int linesPerSecond, ILogger<WebhookIntake> logger)
{
    private long _second;
    private int _lines;
    private int _unlogged;

    public void Accepted(string source, string type, string id, bool isNew, string? correlationKey, int answer)
    {
        if (!logger.IsEnabled(LogLevel.Information) || !MayWrite())
            return;
        if (isNew)
            LogAccepted(answer, source, type, correlationKey, id);
        else
            LogRepeated(answer, source, type, correlationKey, id);
    }

    public void Refused(int status, string source, string reason)
    {
        if (logger.IsEnabled(LogLevel.Information) && MayWrite())
            LogRefused(status, source, reason);
    }

    private bool MayWrite()
    {
        var second = clock.GetTimestamp() / clock.TimestampFrequency;
        var seen = Interlocked.Read(ref _second);
        if (second != seen && Interlocked.CompareExchange(ref _second, second, seen) == seen)
        {
            Interlocked.Exchange(ref _lines, 0);
            if (Interlocked.Exchange(ref _unlogged, 0) is > 0 and var unlogged)
                LogUnlogged(unlogged);
        }

        if (Interlocked.Increment(ref _lines) <= linesPerSecond)
            return true;
        Interlocked.Increment(ref _unlogged);
        return false;
    }

    [LoggerMessage(LogLevel.Information, "{Answer} {Source} {Type} {CorrelationKey} stored as {EventId}")]
    private partial void LogAccepted(int answer, string source, string type, string? correlationKey, string eventId);

    [LoggerMessage(LogLevel.Information, "{Answer} {Source} {Type} {CorrelationKey} repeats {EventId}")]
    private partial void LogRepeated(int answer, string source, string type, string? correlationKey, string eventId);

    [LoggerMessage(LogLevel.Information, "{Status} {Source} refused: {Reason}")]
    private partial void LogRefused(int status, string source, string reason);

    [LoggerMessage(LogLevel.Information, "… and {Requests} more webhook requests since, not logged one by one")]
    private partial void LogUnlogged(int requests);
}
