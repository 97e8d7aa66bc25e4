namespace Automation.Workflows.Journal;

/// <summary>What went wrong inside an activity, in a form that can be stored.</summary>
/// <param name="Type">Name of the exception type.</param>
/// <param name="Message">Its message.</param>
/// <param name="StackTrace">Where it was thrown; null where unknown or of no use.</param>
/// <param name="Inner">The cause; null for none.</param>
public sealed record ExceptionInfo(string Type, string Message, string? StackTrace, ExceptionInfo? Inner)
{
    /// <summary>Describes an exception.</summary>
    /// <param name="exception">The exception.</param>
    public static ExceptionInfo Of(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return new ExceptionInfo(
            exception is Execution.WorkflowFaultException { TypeName: { } name } ? name : exception.GetType().FullName ?? exception.GetType().Name,
            exception.Message,
            // Faults that people raise on purpose need no stack trace.
            exception is Execution.WorkflowFaultException ? null : exception.StackTrace,
            exception.InnerException is { } inner ? Of(inner) : null);
    }
}

/// <summary>A fault of an activity.</summary>
/// <param name="ActivityId">The activity.</param>
/// <param name="ActivityNodeId">Its node id.</param>
/// <param name="ActivityType">Its type.</param>
/// <param name="ActivityOrdinal">Number of the execution within the instance.</param>
/// <param name="Message">What went wrong.</param>
/// <param name="Exception">Details; null where there are none.</param>
/// <param name="Timestamp">When.</param>
public sealed record Incident(
    string ActivityId, string ActivityNodeId, string ActivityType, long ActivityOrdinal, string Message, ExceptionInfo? Exception, DateTimeOffset Timestamp);
