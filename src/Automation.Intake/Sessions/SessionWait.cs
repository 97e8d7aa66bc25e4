using Automation.Workflows.Execution;

namespace Automation.Intake.Sessions;

/// <summary>The bookmark by which an instance waits for the next event of its session.</summary>
internal static class SessionWait
{
    /// <summary>Name of the stimulus.</summary>
    public const string Name = "Automation.WaitForEvent";

    /// <summary>The hash of bookmarks that wait for events with a correlation key.</summary>
    public static string Hash(string correlationKey) => StimulusHash.Compute(Name, Payload(correlationKey));

    /// <summary>Begins to wait.</summary>
    /// <param name="context">The execution that waits.</param>
    /// <param name="source">Pattern of the source.</param>
    /// <param name="eventType">Pattern of the event type.</param>
    /// <param name="filter">JavaScript that must be true for the event; null for none.</param>
    /// <param name="correlationKey">Correlation key of the events; null for the instance's correlation id.</param>
    /// <exception cref="WorkflowFaultException">There is no correlation key.</exception>
    public static void Begin(ActivityContext context, string source, string eventType, string? filter, string? correlationKey = null)
    {
        var key = correlationKey ?? context.CorrelationId
            ?? throw new WorkflowFaultException("The instance has no correlation id, so there is no telling which events are its own: set one with Correlate.");
        var options = new Dictionary<string, object?>(StringComparer.Ordinal) { ["source"] = source, ["eventType"] = eventType };
        if (filter is not null)
            options["filter"] = filter;
        context.CreateBookmark(Name, Payload(key), options: options);
    }

    private static Dictionary<string, object?> Payload(string correlationKey) => new(StringComparer.Ordinal) { ["correlationKey"] = correlationKey };
}

/// <summary>Finds out at the start which workflows wait for events.</summary>
internal sealed class SessionStart(SessionRouter sessions) : Microsoft.Extensions.Hosting.IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => sessions.StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
