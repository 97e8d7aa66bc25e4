using Automation.Jobs;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;
using Automation.Workflows.Retention;
using Automation.Workflows.Runtime;
using Automation.Workflows.Tests.Runtime.Support;

namespace Automation.Workflows.Tests.Runtime;

public sealed class RetentionOnSqliteTests() : RetentionConformance(DatabaseProvider.Sqlite);

public sealed class RetentionOnPostgreSqlTests() : RetentionConformance(DatabaseProvider.PostgreSql);

/// <summary>Ended instances go when they take too much room, on every database.</summary>
public abstract class RetentionConformance(DatabaseProvider provider) : IAsyncLifetime
{
    private const string Size =
        "SELECT coalesce((SELECT sum(length(state)) FROM workflow_instances WHERE finished_at IS NOT NULL), 0) + coalesce((SELECT sum(length(chunk)) FROM workflow_journal j "
        + "WHERE EXISTS (SELECT 1 FROM workflow_instances i WHERE i.id = j.instance_id AND i.finished_at IS NOT NULL)), 0)";

    private const long Limit = 30_000;

    private RuntimeHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() =>
        _host = await RuntimeHost.StartAsync(provider, settings: new(StringComparer.Ordinal)
        {
            ["Automation:Workflows:Retention:MaxBytes"] = $"{Limit}",
            // Only the test sweeps.
            ["Automation:Workflows:Retention:Cron"] = "0 0 1 1 *",
        });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_oldest_go_until_the_rest_has_room_and_what_waits_stays()
    {
        await _host.PublishAsync("hello", Json.Sequence(Json.WriteLine("a", new string('x', 1000))));
        await _host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "go")));
        var waiting = await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);
        var ids = new List<string>();
        for (var i = 0; i < 40; i++)
            ids.Add((await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello" }, Token)).Instance!.Id);
        await _host.Database.CommitAsync(
            new WriteUnit().Add(
                new("INSERT INTO http_exchanges (instance_id, id, activity_execution_id, attempt, started_at, duration, method, url, request_headers, request_bytes, response_bytes, outcome) VALUES ($1, 'x', 'x', 1, 0, 0, 'GET', '', '{}', 0, 0, 'ok')"), ids[0]),
            cancellationToken: Token);
        Assert.True(await CountAsync(Size) > Limit);

        var deleted = await _host.Get<RetentionSweep>().RunAsync(Token);

        Assert.InRange(deleted, 1, 39);
        var size = await CountAsync(Size);
        Assert.InRange(size, Limit / 2, Limit);
        Assert.Equal(40 - deleted + 1, await CountAsync("SELECT count(*) FROM workflow_instances"));
        Assert.Null(await _host.Runtime.FindAsync(ids[(int)deleted - 1], Token));
        Assert.NotNull(await _host.Runtime.FindAsync(ids[(int)deleted], Token));
        Assert.NotNull(await _host.Runtime.FindAsync(waiting.Instance!.Id, Token));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM http_exchanges"));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM workflow_journal j WHERE NOT EXISTS (SELECT 1 FROM workflow_instances i WHERE i.id = j.instance_id)"));
        Assert.Equal(0, await _host.Get<RetentionSweep>().RunAsync(Token));
    }

    [Fact]
    public async Task The_long_journal_of_one_instance_goes_in_pieces()
    {
        var events = Enumerable.Range(0, 260).Select(i => Json.WriteLine($"w{i}", new string('x', 200)));
        await _host.PublishAsync("long", Json.Sequence(events), "\"options\":{\"commitStrategyName\":\"ActivityExecuted\"}");
        await _host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "long" }, Token);
        Assert.True(await CountAsync("SELECT count(*) FROM workflow_journal") > 250);

        Assert.Equal(1, await _host.Get<RetentionSweep>().RunAsync(Token));

        Assert.Equal(0, await CountAsync("SELECT count(*) FROM workflow_journal"));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM workflow_instances"));
    }

    [Fact]
    public async Task What_ended_longer_ago_than_the_age_goes()
    {
        var clock = new ManualClock();
        await using var host = await SweepingAsync(clock, "Age", "1.00:00:00");
        await host.PublishAsync("hello", Json.Sequence(Json.WriteLine("a", "x")));
        await host.PublishAsync("wait", Json.Sequence(Json.Event("ev", "go")));
        var waiting = await host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "wait" }, Token);
        var old = await host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello" }, Token);
        clock.Advance(TimeSpan.FromHours(23));
        var young = await host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello" }, Token);
        Assert.Equal(0, await host.Get<RetentionSweep>().RunAsync(Token));
        clock.Advance(TimeSpan.FromHours(2));

        Assert.Equal(1, await host.Get<RetentionSweep>().RunAsync(Token));

        Assert.Null(await host.Runtime.FindAsync(old.Instance!.Id, Token));
        Assert.NotNull(await host.Runtime.FindAsync(young.Instance!.Id, Token));
        Assert.NotNull(await host.Runtime.FindAsync(waiting.Instance!.Id, Token));
    }

    [Fact]
    public async Task Plans_of_alterations_go_when_they_ended_longer_ago_than_the_age()
    {
        var clock = new ManualClock();
        await using var host = await SweepingAsync(clock, "Age", "1.00:00:00");
        var begun = SqlValue.ToMicros(clock.GetUtcNow());
        var unit = new WriteUnit();
        foreach (var (plan, end, instances) in ((string, SqlValue, int)[])[("old", begun, 1_100), ("young", begun + 7_200_000_000, 2), ("running", default, 2)])
        {
            unit.Add(new("INSERT INTO alteration_plans (id, request, status, created_at, completed_at) VALUES ($1, '{}', 'x', $2, $3)"), plan, begun, end);
            for (var i = 0; i < instances; i++)
                unit.Add(new("INSERT INTO alteration_jobs (plan_id, instance_id, status, log, created_at) VALUES ($1, $2, 'x', '[]', $3)"), plan, $"i{i}", begun);
        }

        await host.Database.CommitAsync(unit, cancellationToken: Token);
        clock.Advance(TimeSpan.FromHours(25));

        await host.Get<RetentionSweep>().RunAsync(Token);

        var left = await host.Database.QueryAsync(new("SELECT p.id, count(*) FROM alteration_plans p JOIN alteration_jobs j ON j.plan_id = p.id GROUP BY p.id ORDER BY p.id"), Token);
        Assert.Equal([("running", 2L), ("young", 2L)], left.Rows.Select(r => (r[0].AsText!, r[1].AsInteger)));
        Assert.Equal(4, (await host.Database.QueryAsync(new SqlStatement("SELECT count(*) FROM alteration_jobs"), Token)).Rows[0][0].AsInteger);
    }

    [Fact]
    public async Task Beyond_the_count_the_oldest_go()
    {
        var clock = new ManualClock();
        await using var host = await SweepingAsync(clock, "Count", "3");
        await host.PublishAsync("hello", Json.Sequence(Json.WriteLine("a", "x")));
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await host.Runtime.StartAsync(new StartWorkflowRequest { DefinitionId = "hello" }, Token)).Instance!.Id);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(2, await host.Get<RetentionSweep>().RunAsync(Token));
        Assert.Equal(0, await host.Get<RetentionSweep>().RunAsync(Token));

        for (var i = 0; i < 5; i++)
            Assert.Equal(i < 2, await host.Runtime.FindAsync(ids[i], Token) is null);
    }

    [Fact]
    public async Task It_is_a_recurring_job_while_there_is_a_limit()
    {
        var recurring = await _host.Get<JobQueries>().RecurringAsync(cancellationToken: Token);
        Assert.Equal("0 0 1 1 *", Assert.Single(recurring, r => r.Id == WorkflowJobs.Retention).Cron);

        await using var unlimited = await SweepingAsync(new ManualClock(), "Age", "00:00:00");
        Assert.DoesNotContain(await unlimited.Get<JobQueries>().RecurringAsync(cancellationToken: Token), r => r.Id == WorkflowJobs.Retention);
    }

    private Task<RuntimeHost> SweepingAsync(TimeProvider clock, string limit, string value) =>
        RuntimeHost.StartAsync(provider, clock, settings: new(StringComparer.Ordinal)
        {
            ["Automation:Workflows:Retention:Age"] = "00:00:00",
            [$"Automation:Workflows:Retention:{limit}"] = value,
            ["Automation:Workflows:Retention:Cron"] = "0 0 1 1 *",
        });

    private async Task<long> CountAsync(string sql) => (await _host.Database.QueryAsync(new SqlStatement(sql), Token)).Rows[0][0].AsInteger;
}
