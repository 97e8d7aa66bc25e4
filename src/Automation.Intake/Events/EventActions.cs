using Automation.Intake.Routing;
using Automation.Storage.Events;

namespace Automation.Intake.Events;

/// <summary>What a person does with a stored event.</summary>
public sealed class EventActions
{
    private readonly EventProgress _progress;
    private readonly EventStore _store;
    private readonly EventBacklog _backlog;
    private readonly EventRouter _router;

    internal EventActions(EventProgress progress, EventStore store, EventBacklog backlog, EventRouter router)
    {
        _progress = progress;
        _store = store;
        _backlog = backlog;
        _router = router;
    }

    /// <summary>Whether an event waits, in this process, for an instance of its session that is busy.</summary>
    public bool IsHeld(string id) => _router.IsHeld(id);

    /// <summary>
    /// Routes an event again that failed or matched nothing, or that flow control holds back or has skipped. What it has
    /// started before is not started twice.
    /// </summary>
    /// <returns>False where there is no such event, or it is none of these.</returns>
    public async Task<bool> RetryAsync(string id, CancellationToken cancellationToken)
    {
        if (!await _progress.ReopenAsync(id, cancellationToken) || await _progress.FindAsync(id, cancellationToken) is not { } incoming)
            return false;
        _backlog.Post(incoming);
        return true;
    }

    /// <summary>Stores a copy of an event, marked as a replay, which starts what the rules now in force say.</summary>
    /// <returns>The id of the copy; null where there is no such event or it was refused.</returns>
    public async Task<string?> ReplayAsync(string id, CancellationToken cancellationToken)
    {
        if (await _progress.FindAsync(id, cancellationToken) is not { Status: not EventStatus.Rejected } original)
            return null;
        var copy = original with { Status = EventStatus.Received, ReplayOf = original.ReplayOf ?? original.Id };
        await _store.AppendPlainAsync(copy, _backlog.Post, cancellationToken);
        return copy.Id;
    }
}
