using Automation.Dashboard.Shared;
using Automation.Intake.Events;
using Automation.Storage.Events;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Dashboard.Events;

/// <summary>Filters of the event log as parameters of the API.</summary>
internal static class EventFilters
{
    /// <summary>Reads a filter.</summary>
    /// <returns>What is wrong with it; null where nothing is.</returns>
    public static ProblemHttpResult? Read(
        string? source, string? type, string? status, string? correlationId, DateTimeOffset? from, DateTimeOffset? to, string? text, out EventFilter filter)
    {
        filter = new EventFilter { Source = Given(source), Type = Given(type), CorrelationKey = Given(correlationId), From = from, To = to, Text = Given(text) };
        if (string.IsNullOrEmpty(status))
            return null;
        if (!Enum.TryParse<EventStatus>(status, ignoreCase: true, out var wanted) || !Enum.IsDefined(wanted))
            return Problems.Range("status", status, string.Join(", ", Enum.GetNames<EventStatus>()));
        filter = filter with { Status = wanted };
        return null;
    }
}
