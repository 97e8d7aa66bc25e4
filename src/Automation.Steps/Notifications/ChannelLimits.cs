using System.Collections.Concurrent;
using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Notifications;

/// <summary>
/// Lets no more through a channel in any minute than its limit, on all servers of a database together and across restarts.
/// Sends are numbered; a send may go when the one that lies the limit before it is a minute ago. The number is unique, so of
/// two servers that want the same place one has to look again.
/// </summary>
internal sealed class ChannelLimits(Database database, TimeProvider clock)
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    // The last send, and when the one was that lies the limit before the next.
    private static readonly SqlStatement Last = new(
        """
        SELECT s.place, s.at, (SELECT b.at FROM channel_sends b WHERE b.channel = s.channel AND b.place = s.place + 1 - $2)
        FROM channel_sends s WHERE s.channel = $1 ORDER BY s.place DESC LIMIT 1
        """);

    private static readonly SqlStatement Take = new("INSERT INTO channel_sends (channel, place, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");

    private static readonly SqlStatement Forget = new("DELETE FROM channel_sends WHERE channel = $1 AND place <= $2");

    private static readonly SqlStatement ForgetOld = new("DELETE FROM channel_sends WHERE at < $1");

    // Those of one server ask one after another: they would only get in each other's way.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes a place now; otherwise says when there will be one.</summary>
    public async Task<DateTimeOffset?> TakeAsync(string channel, int? limitPerMinute, CancellationToken cancellationToken)
    {
        if (limitPerMinute is not { } limit)
            return null;
        var name = channel.ToUpperInvariant();
        var turn = _turns.GetOrAdd(name, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                var now = clock.GetUtcNow();
                var place = 1L;
                if ((await database.QueryAsync(Last, cancellationToken, name, limit)).Rows is [var last, ..])
                {
                    if (last[2].AsMicrosTime is { } before && before + Window > now)
                        return before + Window;
                    place = last[0].AsInteger + 1;
                    // Another server's clock may be ahead: the sends stay in order.
                    now = last[1].AsMicrosTime!.Value > now ? last[1].AsMicrosTime!.Value : now;
                }

                try
                {
                    await database.CommitAsync(new WriteUnit().AddExpectingOne(Take, name, place, SqlValue.Micros(now)).Add(Forget, name, place - limit), cancellationToken: cancellationToken);
                    return null;
                }
                catch (WriteConflictException)
                {
                    // Another server has this place.
                }
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Forgets what no limit asks for any more, also of channels that are gone.</summary>
    public Task SweepAsync(CancellationToken cancellationToken) =>
        database.CommitAsync(new WriteUnit().Add(ForgetOld, SqlValue.Micros(clock.GetUtcNow() - TimeSpan.FromHours(1))), cancellationToken: cancellationToken);
}
