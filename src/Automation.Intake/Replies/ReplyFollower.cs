using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Storage.Events;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;

namespace Automation.Intake.Replies;

/// <summary>Tells waiting requests early that no reply will come: when all that an event led to has ended or waits for something else.</summary>
internal sealed class ReplyFollower(ReplyDesk desk, WorkflowRuntime? runtime, TimeProvider clock)
{
    /// <summary>Takes note of what an event led to.</summary>
    /// <param name="eventId">The event.</param>
    /// <param name="runs">The instances that it started and resumed.</param>
    /// <param name="failures">What failed.</param>
    public void Follow(string eventId, IReadOnlyList<InstanceSnapshot> runs, IReadOnlyList<string> failures)
    {
        if (desk.Find(eventId) is not { Answer.Task.IsCompleted: false } waiting)
            return;
        if (runs.Any(r => MayReply(r, waiting.Until)))
            _ = FollowAsync(waiting, runs, failures);
        else
            Conclude(eventId, runs, failures);
    }

    /// <summary>The event as it is read already where its request waits, or read anew.</summary>
    public EventPayload PayloadOf(IncomingEvent incoming) => desk.Find(incoming.Id)?.Payload ?? new EventPayload(incoming);

    /// <summary>Whether a request waits for the event's answer.</summary>
    public bool IsAwaited(string eventId) => desk.Find(eventId) is { Answer.Task.IsCompleted: false };

    /// <summary>Takes note that nothing wanted the event.</summary>
    public void Unmatched(string eventId) => desk.Conclude(eventId, ReplyOrigin.Unmatched, "No rule matched, and no instance waited for it.");

    private async Task FollowAsync(ReplyDesk.Waiting waiting, IReadOnlyList<InstanceSnapshot> runs, IReadOnlyList<string> failures)
    {
        try
        {
            var now = new List<InstanceSnapshot>();
            foreach (var run in runs)
            {
                var left = waiting.Until - clock.GetUtcNow();
                now.Add(left > TimeSpan.Zero && MayReply(run, waiting.Until) && runtime is not null && await runtime.WaitAsync(run.Id, new WaitOptions(left, AcrossTimers: true)) is { } waited
                    ? waited.Instance
                    : run);
            }

            if (!waiting.Answer.Task.IsCompleted && !now.Exists(r => MayReply(r, waiting.Until)))
                Conclude(waiting.EventId, now, failures);
        }
        catch (Exception e) when (e is InstanceStateException or Automation.Storage.Writes.StorageUnavailableException or ObjectDisposedException)
        {
            // Then the deadline decides.
        }
    }

    private bool MayReply(InstanceSnapshot run, DateTimeOffset until) =>
        run.Status != WorkflowStatus.Finished
        && (run.HasPendingOperations || run.SubStatus != WorkflowSubStatus.Suspended || run.NextDueAt <= until);

    private void Conclude(string eventId, IReadOnlyList<InstanceSnapshot> runs, IReadOnlyList<string> failures)
    {
        if (failures.Count > 0)
            desk.Conclude(eventId, ReplyOrigin.Failure, failures[0]);
        else if (runs.FirstOrDefault(r => r.SubStatus == WorkflowSubStatus.Faulted || (r.IncidentCount > 0 && r.Status != WorkflowStatus.Finished)) is { } faulted)
            desk.Conclude(eventId, ReplyOrigin.Failure, $"The workflow {faulted.DefinitionId} failed before it replied.");
        else
            desk.Conclude(eventId, ReplyOrigin.Silence, runs.Count == 0 ? "Nothing was started or resumed." : "The workflow did not reply.");
    }
}
