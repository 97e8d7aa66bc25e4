using Automation.Intake.Mapping;
using Automation.Intake.Routing;
using Automation.Intake.Sources;
using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Replies;

/// <summary>
/// Stores the replies of workflows with the burst that made them. While the sender's request waits in this process, the
/// reply is its answer; otherwise it is late: kept, and sent to the sender's reply URL where it has one.
/// </summary>
internal sealed class ReplyEffects(
    ReplyDesk desk, ReplyStore store, EventProgress events, SourceCatalog sources, Database database, TimeProvider clock, IServiceProvider services) : IWorkflowEffectHandler
{
    /// <summary>The job that sends a reply: event, reply.</summary>
    public const string SendJob = "reply.send";

    /// <summary>How much later than the deadline a server that waits with a request may still take a reply.</summary>
    private static readonly TimeSpan TakeGrace = TimeSpan.FromSeconds(2);

    public async ValueTask<bool> TryAddAsync(WorkflowEffect effect, EffectSource source, WriteUnit unit, CancellationToken cancellationToken)
    {
        if (effect is not ReplyEffect reply)
            return false;
        var waiting = desk.Find(reply.EventId);
        var payload = waiting?.Payload ?? (await events.FindAsync(reply.EventId, cancellationToken) is { } stored ? new EventPayload(stored) : null);
        // Retention may have removed the event while the workflow took its time: there is nothing left to answer.
        if (payload is null)
            return true;

        var (state, url, detail) = Judge(reply, payload, waiting is { Users: > 0 });
        var toUrl = state == ReplyState.ToSend;
        var content = reply.Content(payload, toUrl);
        var row = new StoredReply(reply.EventId, reply.Id, state, ReplyOrigin.Workflow, content);
        store.Add(unit, row, source.InstanceId, reply.ActivityId, url, detail, payload.Incoming.Answer, kept =>
        {
            if (kept.State == ReplyState.Given)
                desk.Give(kept);
            else if (kept.State == ReplyState.ToSend && state != ReplyState.ToSend)
                SendSoon(kept);
        });
        if (toUrl || (state == ReplyState.Offered && url is not null))
            await services.GetRequiredService<JobClient>().EnqueueAsync(unit, Job(row, toUrl ? null : TakeUntil(payload)), cancellationToken);
        return true;
    }

    /// <summary>The job that sends a reply, once.</summary>
    public static JobRequest Job(StoredReply reply, DateTimeOffset? dueAt = null) => new(SendJob, reply.EventId, reply.Id) { DueAt = dueAt, UniqueKey = $"reply:{reply.EventId}:{reply.Id}", Reason = "Reply to an event" };

    private (ReplyState State, string? Url, string? Detail) Judge(ReplyEffect reply, EventPayload payload, bool isWaitedFor)
    {
        var incoming = payload.Incoming;
        if (sources.Find(incoming.Source)?.Reply is not { } mode)
            return (ReplyState.Late, null, $"The source {incoming.Source} acknowledges its events; nobody waits for an answer.");
        var url = mode.UrlOf(payload, out var problem);
        if (incoming.ReplayOf is not null)
            return (ReplyState.Late, null, "The event is a replay: nobody waits for an answer, and nothing is sent.");
        if (reply.When == ReplyWhen.Later)
            return url is null ? (ReplyState.Late, null, problem ?? "The event has no reply URL.") : (ReplyState.ToSend, url, null);
        if (isWaitedFor)
            return (ReplyState.Given, url, problem);
        if (!mode.Answers(incoming.Type ?? ""))
            return (ReplyState.Late, null, $"The sender takes no answer to {incoming.Type}.");
        // On SQLite this process is the only one; on PostgreSQL the request may wait at another server.
        if (database.Provider == DatabaseProvider.PostgreSql && TakeUntil(payload) > clock.GetUtcNow())
            return (ReplyState.Offered, url, null);
        return (url is null ? ReplyState.Late : ReplyState.ToSend, url, problem ?? "Nobody waited for the answer any more.");
    }

    private DateTimeOffset TakeUntil(EventPayload payload) =>
        payload.Incoming.ReceivedAt + (sources.Find(payload.Incoming.Source)?.Reply?.Deadline ?? TimeSpan.Zero) + TakeGrace;

    /// <summary>The answer was given between the plan and the commit. If this process does not live to send it, the next one does.</summary>
    private void SendSoon(StoredReply reply) => _ = Task.Run(async () => await services.GetRequiredService<JobClient>().EnqueueAsync(Job(reply)));
}
