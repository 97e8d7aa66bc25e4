using Automation.Expressions;
using Automation.Intake.Events;
using Automation.Intake.Flow;
using Automation.Intake.Mapping;
using Automation.Intake.Replies;
using Automation.Intake.Sessions;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Routing;

/// <summary>Decides what becomes of one event, and sees to it: which instance goes on, which rules start what, and how the event ends.</summary>
internal sealed partial class EventDispatcher(
    EventProgress progress, MappingStore mappings, FlowControl flow, IWorkflowStarter workflows, SessionRouter sessions, ReplyFollower replies,
    IOptions<IntakeOptions> options, TimeProvider clock, ILogger<EventDispatcher> logger)
{
    /// <summary>Routes one event to its end: to the instance of its session that waits for it, or else to what rules start.</summary>
    /// <returns>False where it is to be held for an instance of its session.</returns>
    public async Task<bool> RouteAsync(IncomingEvent incoming, bool mayHold, CancellationToken cancellationToken)
    {
        var payload = replies.PayloadOf(incoming);
        var candidates = mappings.Current.Candidates(incoming.Source, incoming.Type ?? "");
        var isLast = !Array.Exists(candidates, r => r.Rule.Alongside);
        var offer = await sessions.OfferAsync(payload, isLast, cancellationToken);
        if (offer.HeldFor is { } busy)
        {
            if (mayHold)
                return false;
            await progress.NoteAsync(incoming.Id, offer.Refusals, cancellationToken);
            await FailAsync(incoming, [$"The instance {busy} of the same session runs and did not come to wait for this event within {options.Value.SessionHold}."], [], cancellationToken);
            return true;
        }

        List<CompiledRule> rules = [];
        List<string> failures = [.. offer.Failures];
        List<InstanceSnapshot> runs = [.. offer.Resumed];
        foreach (var rule in candidates.Where(r => !offer.Taken || r.Rule.Alongside))
        {
            try
            {
                if (rule.Passes(payload))
                    rules.Add(rule);
            }
            catch (ExpressionException e)
            {
                failures.Add($"Rule {rule.Rule.Id}: the filter failed: {e.Message}");
            }
        }

        if (rules.Count == 0 && failures.Count == 0)
        {
            await EndUnstartedAsync(incoming, offer, isLast, cancellationToken);
            return true;
        }

        await progress.NoteAsync(incoming.Id, offer.Refusals, cancellationToken);
        HashSet<string>? before = null;
        var undecided = false;
        var controlled = rules.Exists(r => r.Flow is not null);
        var finished = false;
        for (var i = 0; i < rules.Count; i++)
        {
            var last = i == rules.Count - 1 && failures.Count == 0;
            if (rules[i].Flow is not null)
            {
                var admission = await flow.AdmitAsync(rules[i], payload, last, cancellationToken);
                undecided |= admission is { Started: false, Failure: null };
                if (admission.Run is { } admitted)
                    runs.Add(admitted);
                finished = last && admission is { Failure: null, Before: false };
                if (admission.Failure is { } reason)
                    failures.Add($"Rule {rules[i].Rule.Id}: {reason}");
                continue;
            }

            switch (await StartAsync(rules[i], payload, last && !controlled, cancellationToken))
            {
                case (true, _, var run):
                    if (run is not null)
                        runs.Add(run);
                    break;
                case (false, { } failure, _):
                    failures.Add($"Rule {rules[i].Rule.Id}: {failure}");
                    break;
                default:
                    // Started by an earlier try. If it was the last one, the event's end may still be missing.
                    before ??= await progress.StartsAsync(incoming.Id, cancellationToken);
                    break;
            }
        }

        if (failures.Count > 0)
        {
            await FailAsync(incoming, failures, runs, cancellationToken);
            return true;
        }

        if (controlled)
        {
            if (!finished)
                await progress.FinishAsync(incoming.Id, cancellationToken);
        }
        else if (before is not null)
        {
            await progress.MarkAsync(incoming.Id, EventStatus.Routed, null, cancellationToken);
        }

        // What flow control holds back may be started, and reply, before the deadline; what it skips will not.
        if (!undecided || (replies.IsAwaited(incoming.Id) && (await progress.FindAsync(incoming.Id, cancellationToken))?.Status == EventStatus.Skipped))
            replies.Follow(incoming.Id, runs, failures);
        return true;
    }

    /// <summary>Ends an event for which no rule starts anything.</summary>
    private async Task EndUnstartedAsync(IncomingEvent incoming, Offer offer, bool isLast, CancellationToken cancellationToken)
    {
        var went = offer.Taken || offer.Resumed.Count > 0;
        // An event that is routed again finds nobody waiting any more; what it has done before is in its trail.
        var did = went || (await progress.StartsAsync(incoming.Id, cancellationToken)).Count > 0;
        if (!did)
        {
            await progress.MarkUnmatchedAsync(incoming.Id, offer.Refusals, cancellationToken);
            replies.Unmatched(incoming.Id);
            return;
        }

        if (went)
            await progress.NoteAsync(incoming.Id, offer.Refusals, cancellationToken);
        if (!offer.Taken || !isLast)
            await progress.MarkAsync(incoming.Id, EventStatus.Routed, null, cancellationToken);
        replies.Follow(incoming.Id, offer.Resumed, []);
    }

    private async Task FailAsync(IncomingEvent incoming, List<string> failures, List<InstanceSnapshot> runs, CancellationToken cancellationToken)
    {
        await progress.MarkAsync(incoming.Id, EventStatus.Failed, string.Join('\n', failures), cancellationToken);
        LogFailed(incoming.Id, incoming.Source, incoming.Type, string.Join("; ", failures));
        replies.Follow(incoming.Id, runs, failures);
    }

    /// <summary>Starts one workflow.</summary>
    /// <returns>Whether it was started; why not, or null where it had been before.</returns>
    private async Task<(bool Started, string? Failure, InstanceSnapshot? Run)> StartAsync(CompiledRule rule, EventPayload payload, bool last, CancellationToken cancellationToken)
    {
        var eventId = payload.Incoming.Id;
        try
        {
            var instanceId = Guid.CreateVersion7(clock.GetUtcNow()).ToString();
            var start = new WorkflowStart(rule.Rule.Workflow, instanceId, rule.Correlation(payload), rule.Inputs(payload), eventId)
            {
                Trigger = rule.Rule.Trigger,
                Event = rule.Rule.Trigger switch
                {
                    null => null,
                    { WantsPayload: true } => payload.Payload,
                    _ => payload.Event,
                },
            };
            var run = await workflows.StartAsync(start, unit => progress.AddStart(unit, eventId, rule.Rule.Id, rule.Rule.Workflow, instanceId, last), cancellationToken);
            return (true, null, run);
        }
        catch (WriteConflictException e) when (e.Statement == EventProgress.InsertStart || e.Statement == EventProgress.MarkRouted)
        {
            return (false, null, null);
        }
        catch (Exception e) when (e is not OperationCanceledException and not StorageUnavailableException)
        {
            // Whatever a workflow or a rule does wrong is this event's failure, told with it; the next event goes on.
            return (false, e.Message, null);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Event {EventId} ({Source} {Type}) failed: {Reason}")]
    private partial void LogFailed(string eventId, string source, string? type, string reason);
}
