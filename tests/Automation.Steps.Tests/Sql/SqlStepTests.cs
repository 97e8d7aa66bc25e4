using System.Text.Json;
using Automation.Steps.Sql;
using Automation.Steps.Tests.Support;
using Automation.Storage;
using Automation.Testing;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using static Automation.Steps.Tests.Support.StepsHost;

namespace Automation.Steps.Tests.Sql;

public sealed class SqlStepTests
{
    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task Rows_are_written_and_read_with_parameters(DatabaseProvider provider)
    {
        await using var target = await TestDatabase.CreateAsync(provider);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, provider));

        var instance = await host.RunAsync(
            Step(SqlExecute.Type, "e", ("connection", "crm"), ("sql", "CREATE TABLE people (id bigint PRIMARY KEY, name text, born date)"),
                ("statements", """[{"sql":"INSERT INTO people VALUES (@id, @name, @born)","parameters":{"id":1,"name":"O'Brien'); DROP TABLE people; --","born":"2001-02-03"}},{"sql":"INSERT INTO people VALUES (@id, @name, NULL) RETURNING id","parameters":{"id":2,"name":null}}]"""),
                ("affected", Into("A")), ("rows", Into("B"))),
            Step(SqlQuery.Type, "q", ("connection", "crm"), ("sql", "SELECT id, name, born FROM people WHERE id >= @from ORDER BY id"), ("parameters", """{"from":1}"""), ("rows", Into("C"))),
            WriteLine("w", "{{ Variables.A }} {{ Variables.B | json | raw }} {{ Variables.C | json | raw }}"));

        Assert.Equal(WorkflowSubStatus.Finished, instance.SubStatus);
        Assert.Equal(["""2 [{"id":2}] [{"id":1,"name":"O'Brien'); DROP TABLE people; --","born":"2001-02-03"},{"id":2,"name":null,"born":null}]"""], host.Lines);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_step_that_runs_again_changes_nothing_and_gives_the_same(DatabaseProvider provider)
    {
        await using var target = await TestDatabase.CreateAsync(provider);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, provider));
        var step = host.Get<SqlStep>();
        await step.RunAsync(Operation("o1", "CREATE TABLE n (v bigint)"), Some.Token);

        var first = await step.RunAsync(Operation("o2", "INSERT INTO n VALUES (1) RETURNING v"), Some.Token);
        var again = await step.RunAsync(Operation("o2", "INSERT INTO n VALUES (1) RETURNING v"), Some.Token);
        var failed = await step.RunAsync(Operation("o3", "INSERT INTO n VALUES (2)", """[{"sql":"INSERT INTO nowhere VALUES (1)"}]"""), Some.Token);
        var count = await step.RunAsync(Operation("o4", "SELECT count(*) AS c FROM n", type: SqlQuery.Type), Some.Token);

        Assert.Equal((1L, 1L), (first.Outputs["Affected"], again.Outputs["Affected"]));
        Assert.Equal("""[{"v":1}]""", JsonSerializer.Serialize(again.Outputs["Rows"]));
        Assert.Contains("nowhere", failed.Error!.Message);
        Assert.Equal("""{"c":1}""", JsonSerializer.Serialize(count.Outputs["Row"]));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_query_cannot_write_and_is_limited(DatabaseProvider provider)
    {
        await using var target = await TestDatabase.CreateAsync(provider);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, provider));
        var step = host.Get<SqlStep>();
        await step.RunAsync(Operation("o1", "CREATE TABLE n (v bigint)", """[{"sql":"INSERT INTO n VALUES (1), (2), (3)"}]"""), Some.Token);

        var write = await step.RunAsync(Operation("o2", "DELETE FROM n RETURNING v", type: SqlQuery.Type), Some.Token);
        var limited = await step.RunAsync(Operation("o3", "SELECT v FROM n ORDER BY v", type: SqlQuery.Type, maxRows: 2), Some.Token);

        Assert.NotNull(write.Error);
        Assert.Equal("""[{"v":1},{"v":2}]""", JsonSerializer.Serialize(limited.Outputs["Rows"]));
        Assert.Equal(true, limited.Outputs["HasMore"]);
    }

    [Fact]
    public async Task A_provider_that_the_program_adds_reads_writes_and_does_nothing_twice()
    {
        await using var target = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        // None of our two: its parameters begin with a colon, and nothing is known of it but its factory.
        await using var host = await StartWithAsync(
            s => s.AddAutomationSqlProvider("foreign", Microsoft.Data.Sqlite.SqliteFactory.Instance, d => d with { ParameterPrefix = ":", KeyType = "varchar(190)" }),
            Connection(target, "Foreign"));
        var step = host.Get<SqlStep>();

        await step.RunAsync(Operation("o1", "CREATE TABLE n (v bigint)"), Some.Token);
        var insert = """[{"sql":"INSERT INTO n VALUES (:v) RETURNING v","parameters":{"v":7}}]""";
        var both = await Task.WhenAll(step.RunAsync(Operation("o2", "INSERT INTO n VALUES (1)", insert), Some.Token), step.RunAsync(Operation("o2", "INSERT INTO n VALUES (1)", insert), Some.Token));
        var failed = await step.RunAsync(Operation("o3", "INSERT INTO n VALUES (2)", """[{"sql":"INSERT INTO nowhere VALUES (1)"}]"""), Some.Token);
        await step.RunAsync(Operation("o4", "DELETE FROM n RETURNING v", type: SqlQuery.Type), Some.Token);
        var left = await step.RunAsync(Operation("o5", "SELECT v FROM n ORDER BY v", type: SqlQuery.Type), Some.Token);
        var ledger = await step.RunAsync(Operation("o6", "SELECT type FROM pragma_table_info('automation_ledger') WHERE name = 'operation_id'", type: SqlQuery.Type), Some.Token);

        Assert.All(both, b => Assert.Equal("""[{"v":7}]""", JsonSerializer.Serialize(b.Outputs["Rows"])));
        Assert.Contains("nowhere", failed.Error!.Message);
        Assert.Equal("""[{"v":1},{"v":7}]""", JsonSerializer.Serialize(left.Outputs["Rows"]));
        Assert.Equal("""{"type":"varchar(190)"}""", JsonSerializer.Serialize(ledger.Outputs["Row"]));
    }

    [Fact]
    public async Task A_provider_that_is_registered_with_ADO_NET_is_found_by_its_name_and_an_unknown_one_is_refused_at_start()
    {
        System.Data.Common.DbProviderFactories.RegisterFactory("Acme.Data", Microsoft.Data.Sqlite.SqliteFactory.Instance);
        await using var target = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, "Acme.Data"));

        var row = await host.Get<SqlStep>().RunAsync(Operation("o1", "SELECT 1 AS one", type: SqlQuery.Type), Some.Token);
        var refused = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => StartAsync(DatabaseProvider.Sqlite, Connection(target, "dBase")));

        Assert.Equal("""{"one":1}""", JsonSerializer.Serialize(row.Outputs["Row"]));
        Assert.Contains("Connections:crm: the Provider \"dBase\" is not known. Known are: PostgreSql, Sqlite", refused.Message);
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite)]
    [InlineData(DatabaseProvider.PostgreSql)]
    public async Task A_step_that_runs_twice_at_the_same_time_changes_once(DatabaseProvider provider)
    {
        await using var target = await TestDatabase.CreateAsync(provider);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, provider));
        var step = host.Get<SqlStep>();
        await step.RunAsync(Operation("o1", "CREATE TABLE n (v bigint)"), Some.Token);

        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => step.RunAsync(Operation("o2", "INSERT INTO n VALUES (1) RETURNING v"), Some.Token)));
        var count = await step.RunAsync(Operation("o3", "SELECT count(*) AS c FROM n", type: SqlQuery.Type), Some.Token);

        Assert.All(all, r => Assert.Equal("""[{"v":1}]""", JsonSerializer.Serialize(r.Outputs["Rows"])));
        Assert.Equal("""{"c":1}""", JsonSerializer.Serialize(count.Outputs["Row"]));
    }

    [Fact]
    public async Task A_connection_that_is_not_configured_is_an_incident_that_names_it()
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync(Step(SqlQuery.Type, "q", ("connection", "nowhere"), ("sql", "SELECT 1")));

        Assert.Equal(WorkflowSubStatus.Faulted, instance.SubStatus);
        Assert.Contains("nowhere", await host.StateAsync(instance.Id));
    }

    [Theory]
    [InlineData(DatabaseProvider.Sqlite, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c")]
    [InlineData(DatabaseProvider.PostgreSql, "SELECT pg_sleep(3600)")]
    public async Task A_query_that_takes_too_long_is_stopped(DatabaseProvider provider, string endless)
    {
        await using var target = await TestDatabase.CreateAsync(provider);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, provider));
        var step = host.Get<SqlStep>();
        await step.RunAsync(Operation("o1", "CREATE TABLE n (v bigint)"), Some.Token);

        var result = await Task.Run(() => step.RunAsync(Operation("o2", endless, type: SqlQuery.Type, timeout: "00:00:00.2"), Some.Token), Some.Token).WaitAsync(TimeSpan.FromMinutes(1), Some.Token);

        Assert.Equal((OperationErrorKind.Timeout, "The statements took longer than 00:00:00.2000000."), (result.Error!.Kind, result.Error.Message));
    }

    [Fact]
    public async Task Waiting_for_a_locked_file_ends_with_the_time_of_the_step()
    {
        await using var target = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, DatabaseProvider.Sqlite));
        var step = host.Get<SqlStep>();
        await step.RunAsync(Operation("o1", "CREATE TABLE n (v bigint)"), Some.Token);
        await using var other = new Microsoft.Data.Sqlite.SqliteConnection(target.Location.ConnectionString);
        await other.OpenAsync(Some.Token);
        await using var held = await other.BeginTransactionAsync(System.Data.IsolationLevel.Serializable, Some.Token);

        var result = await Task.Run(() => step.RunAsync(Operation("o2", "INSERT INTO n VALUES (1)", timeout: "00:00:00.2"), Some.Token), Some.Token).WaitAsync(TimeSpan.FromSeconds(20), Some.Token);

        Assert.Equal(OperationErrorKind.Timeout, result.Error?.Kind);
    }

    [Fact]
    public async Task A_parameter_without_a_value_is_named_and_nothing_is_tried_again()
    {
        await using var target = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, Connection(target, DatabaseProvider.Sqlite));

        var result = await host.Get<SqlStep>().RunAsync(Operation("o1", "SELECT @missing", type: SqlQuery.Type), Some.Token);

        Assert.Equal((OperationErrorKind.Failed, true), (result.Error!.Kind, result.Error.Message.Contains("@missing", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("2", "")]
    [InlineData("20", ";Maximum Pool Size=2")]
    public async Task No_more_steps_use_a_connection_at_a_time_than_it_may(string most, string pool)
    {
        await using var target = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql);
        var own = new Npgsql.NpgsqlConnectionStringBuilder(target.Location.ConnectionString) { ApplicationName = "crm" };
        own.Remove("Maximum Pool Size");
        await using var host = await StartAsync(
            DatabaseProvider.Sqlite, ("Automation:Steps:Sql:Connections:crm:ConnectionString", own.ConnectionString + pool), ("Automation:Steps:Sql:Connections:crm:MaxConnections", most));
        var step = host.Get<SqlStep>();

        var all = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => step.RunAsync(
            Operation($"o{n}", "SELECT count(*) AS c FROM pg_stat_activity, pg_sleep(0.05) WHERE application_name = 'crm'", type: SqlQuery.Type), Some.Token)));

        Assert.All(all, r => Assert.InRange((long)((Dictionary<string, object?>)r.Outputs["Row"]!)["c"]!, 1, 2));
    }

    [Fact]
    public async Task Waiting_for_a_connection_takes_none_of_the_time_of_the_statements()
    {
        await using var target = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await using var host = await StartAsync(DatabaseProvider.Sqlite, [.. Connection(target, DatabaseProvider.Sqlite), ("Automation:Steps:Sql:Connections:crm:MaxConnections", "1")]);
        var (clock, options) = (new WatchedClock(), host.Get<IOptions<SqlOptions>>());
        var places = new SqlPlaces(options, clock);
        var step = new SqlStep(options, host.Get<SqlDialects>(), places, host.Get<Automation.Steps.Secrets.SecretStore>(), clock);
        var taken = await places.EnterAsync("CRM", options.Value.Connections["crm"], null, Some.Token);

        var query = step.RunAsync(Operation("o1", "SELECT 1 AS one", type: SqlQuery.Type, timeout: "00:00:10"), Some.Token);
        Assert.Equal(options.Value.MaxWait, await clock.NextWaitAsync(except: TimeSpan.Zero));
        clock.Advance(TimeSpan.FromSeconds(20));
        taken.Release();
        var result = await query;

        Assert.Null(result.Error);
        Assert.Equal("""{"one":1}""", JsonSerializer.Serialize(result.Outputs["Row"]));
    }

    [Fact]
    public async Task Who_gets_no_connection_in_time_is_told_whose_and_tries_again()
    {
        await using var target = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await using var host = await StartAsync(
            DatabaseProvider.Sqlite, [.. Connection(target, DatabaseProvider.Sqlite), ("Automation:Steps:Sql:Connections:crm:MaxConnections", "1"), ("Automation:Steps:Sql:MaxWait", "00:00:00")]);
        var taken = await host.Get<SqlPlaces>().EnterAsync("crm", host.Get<IOptions<SqlOptions>>().Value.Connections["crm"], null, Some.Token);

        var late = await Assert.ThrowsAsync<TimeoutException>(() => host.Get<SqlStep>().RunAsync(Operation("o1", "SELECT 1", type: SqlQuery.Type), Some.Token));

        Assert.Equal("Held back: the connection \"crm\" is used by one step at a time (MaxConnections), and there was no place within 00:00:00 (Automation:Steps:Sql:MaxWait).", late.Message);
        taken.Release();
        Assert.Null((await host.Get<SqlStep>().RunAsync(Operation("o1", "SELECT 1", type: SqlQuery.Type), Some.Token)).Error);
    }

    private static (string, string)[] Connection(TestDatabase target, DatabaseProvider provider) => Connection(target, provider.ToString());

    private static (string, string)[] Connection(TestDatabase target, string provider) =>
        [("Automation:Steps:Sql:Connections:crm:Provider", provider), ("Automation:Steps:Sql:Connections:crm:ConnectionString", target.Location.ConnectionString)];

    private static BackgroundOperation Operation(string id, string sql, string? statements = null, string type = SqlExecute.Type, int? maxRows = null, string? timeout = null) => new()
    {
        OperationId = id, InstanceId = "i", ActivityType = type, ActivityId = "a", ActivityNodeId = "n", ActivityInstanceId = "i-1",
        Inputs = new Dictionary<string, object?> { ["Connection"] = "crm", ["Sql"] = sql, ["Statements"] = statements, ["MaxRows"] = maxRows is { } m ? (long)m : null, ["Timeout"] = timeout },
    };
}
