using System.Collections.Concurrent;
using Automation.Intake.Events;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Microsoft.Extensions.Logging;

namespace Automation.Intake.Replies;

/// <summary>
/// Where senders' requests wait for the replies of workflows. A reply wakes its request when the burst that made it is
/// on disk; a repeated delivery waits beside the first one and gets the same answer.
/// </summary>
internal sealed partial class ReplyDesk : IDisposable
{
    /// <summary>How often replies of other servers are looked for that nobody has told of.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);
    private readonly ReplyStore _store;
    private readonly bool _shared;
    private readonly TimeProvider _clock;
    private readonly ILogger<ReplyDesk> _logger;
    private readonly IDisposable? _listening;

    public ReplyDesk(ReplyStore store, Database database, TimeProvider clock, ILogger<ReplyDesk> logger)
    {
        _store = store;
        _shared = database.Provider == DatabaseProvider.PostgreSql;
        _clock = clock;
        _logger = logger;
        _listening = database.Listen(ReplyStore.Channel, Heard);
    }

    /// <summary>Requests that wait now.</summary>
    public int Count => _waiting.Count;

    public void Dispose() => _listening?.Dispose();

    /// <summary>Begins to wait for an event's answer; called when the event is stored and before it is routed.</summary>
    /// <param name="incoming">The event.</param>
    /// <param name="until">Its deadline.</param>
    public Waiting Expect(IncomingEvent incoming, DateTimeOffset until) => Join(incoming.Id, incoming, until);

    /// <summary>The wait for an event in this process; null where there is none.</summary>
    public Waiting? Find(string eventId) => _waiting.GetValueOrDefault(eventId);

    /// <summary>Hands a reply that is on disk to those who wait for it. Does not wait itself.</summary>
    public void Give(StoredReply reply) => Find(reply.EventId)?.Answer.TrySetResult(new Outcome(reply, reply.Origin, null));

    /// <summary>Says that no reply will come.</summary>
    public void Conclude(string eventId, ReplyOrigin origin, string? detail) => Find(eventId)?.Answer.TrySetResult(new Outcome(null, origin, detail));

    /// <summary>Waits for an event's answer up to the deadline, and settles what the answer is.</summary>
    /// <param name="waiting">From <see cref="Expect"/>; let go of when this returns.</param>
    /// <param name="source">The event's source.</param>
    /// <param name="began">The timestamp from which the deadline counts: when the request was read.</param>
    /// <param name="deadline">How long to wait from then on.</param>
    /// <param name="hungUp">Signalled when the sender does not wait any more.</param>
    public async Task<ReplyContent> AwaitAsync(Waiting waiting, Source source, long began, TimeSpan deadline, CancellationToken hungUp)
    {
        try
        {
            var outcome = await WaitAsync(waiting, began, deadline, hungUp);
            // Still waiting while the fallback is stored: a reply that commits before it is the answer after all.
            return outcome.Reply?.Content ?? await SettleAsync(waiting.EventId, source, outcome.Origin, outcome.Detail);
        }
        finally
        {
            Leave(waiting);
        }
    }

    /// <summary>Answers a repeated delivery as the first one was answered, or is going to be.</summary>
    /// <param name="eventId">The first one.</param>
    /// <param name="source">The event's source.</param>
    /// <param name="began">The timestamp from which the deadline counts.</param>
    /// <param name="deadline">How long to wait from then on, where the first one has no answer yet.</param>
    /// <param name="hungUp">Signalled when the sender does not wait any more.</param>
    public async Task<ReplyContent> RepeatAsync(string eventId, Source source, long began, TimeSpan deadline, CancellationToken hungUp)
    {
        // Joined first: what is given from here on is seen, what was given before is in the database.
        var waiting = Join(eventId, null, _clock.GetUtcNow() + deadline - _clock.GetElapsedTime(began));
        if (await _store.FindGivenAsync(eventId, CancellationToken.None) is { } given)
        {
            Leave(waiting);
            return given.Content;
        }

        if (waiting.Users > 1)
            return await AwaitAsync(waiting, source, began, deadline, hungUp);
        // Nobody waits here for the first one: another server does, or the server that did was stopped in the middle.
        if (await _store.TakeAsync(eventId, CancellationToken.None) is { } taken)
        {
            Leave(waiting);
            return taken.Content;
        }

        if (await _store.StatusAsync(eventId, CancellationToken.None) is not (EventStatus.Received or EventStatus.Routed or EventStatus.Waiting))
        {
            Leave(waiting);
            return source.Reply!.Fallback;
        }

        return await AwaitAsync(waiting, source, began, deadline, hungUp);
    }

    private Waiting Join(string eventId, IncomingEvent? incoming, DateTimeOffset until)
    {
        while (true)
        {
            var waiting = _waiting.GetOrAdd(eventId, static (id, of) => new Waiting(id, of.incoming, of.until), (incoming, until));
            lock (waiting)
            {
                if (waiting.Users < 0)
                    continue;
                waiting.Users++;
                return waiting;
            }
        }
    }

    private void Leave(Waiting waiting)
    {
        lock (waiting)
        {
            if (--waiting.Users > 0)
                return;
            waiting.Users = -1;
            _waiting.TryRemove(KeyValuePair.Create(waiting.EventId, waiting));
        }
    }

    /// <summary>Another server has a reply for an event, or may have had some for any.</summary>
    private void Heard(string eventId)
    {
        foreach (var waiting in eventId.Length == 0 ? [.. _waiting.Values] : Find(eventId) is { } one ? [one] : Array.Empty<Waiting>())
        {
            if (!waiting.Answer.Task.IsCompleted)
                _ = Task.Run(() => LookAsync(waiting));
        }
    }

    /// <summary>Takes the reply that another server has made, if there is one.</summary>
    private async Task LookAsync(Waiting waiting)
    {
        try
        {
            if (await _store.TakeAsync(waiting.EventId, CancellationToken.None) is { } taken)
                Give(taken);
        }
        catch (Exception e) when (e is StorageUnavailableException or ObjectDisposedException)
        {
            // Looked for again, and at the deadline for the last time.
        }
    }

    private async Task<Outcome> WaitAsync(Waiting waiting, long began, TimeSpan deadline, CancellationToken hungUp)
    {
        while (true)
        {
            var rest = deadline - _clock.GetElapsedTime(began);
            if (waiting.Answer.Task.IsCompleted)
                return await waiting.Answer.Task;
            if (rest <= TimeSpan.Zero)
                return new Outcome(null, ReplyOrigin.Deadline, "No reply came within the source's deadline.");
            var slice = _shared && rest > LookInterval ? LookInterval : rest;
            try
            {
                return await waiting.Answer.Task.WaitAsync(slice, _clock, hungUp);
            }
            catch (TimeoutException)
            {
                // On PostgreSQL another server may have gone on with the workflow, and what it said of its answer been lost.
                if (_shared)
                    await LookAsync(waiting);
            }
            catch (OperationCanceledException) when (hungUp.IsCancellationRequested)
            {
                return new Outcome(null, ReplyOrigin.HungUp, "The sender hung up before there was an answer.");
            }
        }
    }

    private async Task<ReplyContent> SettleAsync(string eventId, Source source, ReplyOrigin origin, string? detail)
    {
        try
        {
            return (await _store.FallBackAsync(eventId, source.Reply!.Fallback, origin, detail)).Content;
        }
        catch (StorageUnavailableException e)
        {
            // The event itself is on disk. Its sender gets an answer all the same; only the record of it is missing.
            LogNotKept(eventId, e.Message);
            return source.Reply!.Fallback;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The answer to event {EventId} could not be kept: {Reason}")]
    private partial void LogNotKept(string eventId, string reason);

    /// <summary>What a wait came to.</summary>
    internal sealed record Outcome(StoredReply? Reply, ReplyOrigin Origin, string? Detail);

    /// <summary>The wait for one event's answer, shared by all its deliveries.</summary>
    internal sealed class Waiting(string eventId, IncomingEvent? incoming, DateTimeOffset until)
    {
        private EventPayload? _payload;

        public string EventId => eventId;

        /// <summary>The deadline of the first delivery that waits.</summary>
        public DateTimeOffset Until => until;

        /// <summary>The event, read once; null where only repeated deliveries wait.</summary>
        public EventPayload? Payload => incoming is null ? null : _payload ??= new EventPayload(incoming);

        /// <summary>How many deliveries wait; negative when the last one has left.</summary>
        public int Users { get; set; }

        public TaskCompletionSource<Outcome> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
