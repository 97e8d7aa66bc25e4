using Automation.Intake.Events;
using Automation.Intake.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Intake.Tests.Events;

/// <summary>Ten thousand stored events, replayed at once.</summary>
public sealed class ReplayOrderTests
{
    private const int Events = 10_000;
    private const int Keys = 100;

    private const string Columns = "id, status, received_at, source, type, correlation_key, answer, headers, body_size, body";

    private static readonly SqlStatement Fill = new(
        $"INSERT INTO events ({Columns}) WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {Events - 1}) "
        + "SELECT printf('01900000-0000-7000-8000-%012x', n), 2, n, 'flow-sessions', 'flow.end', 's' || (n % 100), 200, '{}', 2, CAST('{}' AS BLOB) FROM s",
        $"INSERT INTO events ({Columns}) SELECT '01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 2, n, 'flow-sessions', 'flow.end', 's' || (n % 100), 200, '{{}}', 2, convert_to('{{}}', 'UTF8') "
        + $"FROM generate_series(0, {Events - 1}) n");

    private static readonly SqlStatement CountCopies = new("SELECT count(*), count(DISTINCT replay_of) FROM events WHERE replay_of IS NOT NULL AND status = 1");

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Each_key_keeps_its_order_and_every_start_knows_that_it_is_a_replay(DatabaseProvider provider)
    {
        var token = TestContext.Current.CancellationToken;
        await using var server = await IntakeServer.StartAsync(mappings: """{ "rules": [ { "source": "flow-sessions", "workflow": "w" } ] }""", provider: provider);
        await server.TestDatabase.Database.CommitAsync(new WriteUnit().Add(Fill), cancellationToken: token);
        var replays = server.Services.GetRequiredService<EventReplays>();

        var run = await replays.WaitAsync(await replays.StartAsync(new EventFilter(), dryRun: false, token), token);
        Assert.Equal((ReplayState.Finished, Events, Events), (run!.State, (int)run.Done, (int)run.Replayed));
        await server.Starter.WaitAsync(Events);

        var keys = server.Starter.Starts.GroupBy(s => s.CorrelationId, s => (string?)((IReadOnlyDictionary<string, object?>)s.Inputs["event"]!)["replayOf"], StringComparer.Ordinal).ToList();
        Assert.Equal(Keys, keys.Count);
        foreach (var key in keys)
        {
            var originals = key.ToList();
            Assert.Equal(Events / Keys, originals.Count);
            Assert.DoesNotContain(null, originals);
            Assert.Equal(originals.Order(StringComparer.Ordinal), originals);
        }

        // The status is that of the commit which holds the start, so it is there by now.
        var copies = (await server.TestDatabase.Database.QueryAsync(CountCopies, token)).Rows[0];
        Assert.Equal((Events, Events), ((int)copies[0].AsInteger, (int)copies[1].AsInteger));
    }
}
