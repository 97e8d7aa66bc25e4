using System.Globalization;
using Automation.Jobs;
using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Automation.Storage;
using Automation.Storage.Events;
using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;

namespace Automation.Steps.Replies;

/// <summary>
/// Sends replies to the reply URLs that events brought: those that a workflow wants sent later, and those that came too
/// late for the answer. The address comes from outside, so the outgoing guard has its say.
/// </summary>
internal sealed class ReplySender(Database database, HttpCaller http, TimeProvider clock) : IJobHandler
{
    /// <summary>The job's name; its arguments are the event and the reply.</summary>
    public const string Job = "reply.send";

    private static readonly SqlStatement Find = new(
        "SELECT state, send_to, content_type, body, instance_id FROM event_replies WHERE event_id = $1 AND id = $2 AND send_to IS NOT NULL");

    private static readonly SqlStatement Mark = new("UPDATE event_replies SET state = $3, sent_at = $4, detail = $5 WHERE event_id = $1 AND id = $2");

    private static readonly SqlStatement Waiting = new("SELECT event_id, id FROM event_replies WHERE state = 3 ORDER BY event_id LIMIT 1000");

    public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var (eventId, id) = (context.GetArgument<string>(0)!, context.GetArgument<string>(1)!);
        var rows = await database.QueryAsync(Find, cancellationToken, eventId, id);
        // Given to the sender after all, sent by an earlier attempt, or gone with its event.
        if (rows.Count == 0 || (ReplyState)rows.Rows[0][0].AsInteger is not (ReplyState.ToSend or ReplyState.Offered))
            return;

        var row = rows.Rows[0];
        var result = await http.SendAsync(
            new HttpCall
            {
                Url = row[1].AsText!,
                Method = "POST",
                Content = row[3].AsBlob,
                ContentType = row[2].AsText ?? "application/json",
                IdempotencyKey = $"{eventId}/{id}",
            },
            cancellationToken);
        var status = result.Answer?.StatusCode;
        var problem = status is >= 200 and < 300 ? null
            : status is { } code ? string.Create(CultureInfo.InvariantCulture, $"The reply URL answered {code}.")
            : $"The reply URL could not be reached: {result.Error}";
        if (problem is not null && !context.IsLastAttempt && IsWorthRepeating(status))
            throw new InvalidOperationException(problem);

        var unit = new WriteUnit().Add(
            Mark, eventId, id, (int)(problem is null ? ReplyState.Sent : ReplyState.SendFailed),
            problem is null ? SqlValue.Micros(clock.GetUtcNow()) : SqlValue.Null, problem ?? "Sent to the sender's reply URL.");
        if (row[4].AsText is { } instanceId)
            HttpExchangeLog.AddTo(unit, new HttpExchangeOwner(instanceId, id, context.Id), result.Exchanges);
        context.AddSuccessTo(unit);
        await database.CommitAsync(unit, cancellationToken: cancellationToken);
    }

    /// <summary>The replies that wait to be sent.</summary>
    internal async Task<IReadOnlyList<(string EventId, string Id)>> WaitingAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync(Waiting, cancellationToken);
        return [.. rows.Rows.Select(r => (r[0].AsText!, r[1].AsText!))];
    }

    private static bool IsWorthRepeating(int? status) => status is null or 408 or 429 or >= 500;
}

/// <summary>At the start, gives each reply that waits to be sent a job again, should a crash have come between the two.</summary>
internal sealed class ReplyRecovery(ReplySender sender, JobClient jobs) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (eventId, id) in await sender.WaitingAsync(cancellationToken))
        {
            // Where its job is there, the key finds it.
            await jobs.EnqueueAsync(new JobRequest(ReplySender.Job, eventId, id) { UniqueKey = $"reply:{eventId}:{id}", Reason = "Reply to an event" }, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
