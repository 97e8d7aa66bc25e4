using System.Diagnostics;
using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Testing;

namespace Automation.Jobs.Tests.Crash;

public sealed class CrashTests
{
    private const int Jobs = 1000;

    private static readonly SqlStatement CreateEffects = new("CREATE TABLE crash_effects (job_id bigint NOT NULL)");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>How often servers are killed at other points on each database; the suite does it once, eng/job-crash.sh more often.</summary>
    public static TheoryData<DatabaseProvider, int> Rounds()
    {
        var rounds = new TheoryData<DatabaseProvider, int>();
        var count = int.Parse(Environment.GetEnvironmentVariable("AUTOMATION_TEST_JOB_CRASHES") ?? "1", System.Globalization.CultureInfo.InvariantCulture);
        for (var seed = 20261; seed < 20261 + count; seed++)
        {
            rounds.Add(DatabaseProvider.Sqlite, seed);
            rounds.Add(DatabaseProvider.PostgreSql, seed);
        }

        return rounds;
    }

    [Theory]
    [MemberData(nameof(Rounds))]
    public async Task A_server_killed_at_random_points_loses_no_job_and_commits_each_result_once(DatabaseProvider provider, int seed)
    {
        await using var test = await TestDatabase.CreateAsync(provider);
        await EnqueueAsync(test.Database);
        if (provider == DatabaseProvider.Sqlite)
            await test.Database.DisposeAsync();

        var random = new Random(seed);
        for (var kill = 0; kill < 6; kill++)
        {
            await using var server = await ServerProcess.StartAsync(test.Location.ConnectionString);
            await server.WaitForDoneAsync(random.Next(20, 120));
        }

        await using (var last = await ServerProcess.StartAsync(test.Location.ConnectionString))
        {
            await Eventually.TrueAsync(async () => await (provider == DatabaseProvider.Sqlite ? CountUnfinishedAsync(test) : CountUnfinishedAsync(test.Database)) == 0);
        }

        if (provider == DatabaseProvider.Sqlite)
            await test.ReopenAsync();
        await AssertEachOnceAsync(test.Database);
    }

    [Fact]
    public async Task Jobs_that_were_stored_as_already_taken_come_back_when_their_server_is_killed()
    {
        await using var test = await TestDatabase.CreateAsync(DatabaseProvider.Sqlite);
        await test.Database.CommitAsync(new WriteUnit().Add(CreateEffects), cancellationToken: Token);
        await test.Database.DisposeAsync();
        foreach (var jobs in new[] { 37, 111, 60 })
        {
            await using var server = await ServerProcess.StartAsync(test.Location.ConnectionString, "100000");
            await server.WaitForDoneAsync(jobs);
        }

        await using (var last = await ServerProcess.StartAsync(test.Location.ConnectionString))
        {
            await Eventually.TrueAsync(async () => await CountUnfinishedAsync(test) == 0);
        }

        await test.ReopenAsync();
        await using var host = JobsHost.On(test.Database);
        var jobsStored = await host.OfAsync("Job");
        Assert.True(jobsStored.Count >= 208);
        Assert.All(jobsStored, j => Assert.Equal(JobStates.Succeeded, j.Text("statename")));
        Assert.Empty(await host.OfAsync("JobQueue"));
        var effects = await host.SelectAsync("SELECT job_id, count(*) AS n FROM crash_effects GROUP BY job_id");
        Assert.All(effects, e => Assert.Equal(1, e.Number("n")));
        Assert.Equal(jobsStored.Count(j => j.Text("arguments").Contains("effect", StringComparison.Ordinal)), effects.Count);
    }

    [Fact]
    public async Task Two_servers_share_the_work_of_one_PostgreSQL_and_one_survives_the_death_of_the_other()
    {
        await using var test = await TestDatabase.CreateAsync(DatabaseProvider.PostgreSql);
        await using var first = await ServerProcess.StartAsync(test.Location.ConnectionString);
        await using var second = await ServerProcess.StartAsync(test.Location.ConnectionString);
        await EnqueueAsync(test.Database);
        await first.WaitForDoneAsync(100);
        await second.WaitForDoneAsync(50);
        await first.KillAsync();
        await Eventually.TrueAsync(async () => await CountUnfinishedAsync(test.Database) == 0);
        await AssertEachOnceAsync(test.Database);

        await using var third = await ServerProcess.StartAsync(test.Location.ConnectionString);
        await Eventually.TrueAsync(async () =>
        {
            await using var host = JobsHost.On(test.Database);
            return (await host.Get<JobQueries>().ServersAsync(Token)).Count == 2;
        });
    }

    private static async Task EnqueueAsync(Database database)
    {
        await database.CommitAsync(new WriteUnit().Add(CreateEffects), cancellationToken: Token);
        await using var host = JobsHost.On(database);
        var unit = new WriteUnit();
        for (var i = 0; i < Jobs; i++)
            await host.Client.EnqueueAsync(unit, new JobRequest(i % 2 == 0 ? "effect" : "plain", i), Token);
        await database.CommitAsync(unit, cancellationToken: Token);
    }

    private static async Task<long> CountUnfinishedAsync(TestDatabase test)
    {
        // Beside the server that owns the file: readers are not kept out.
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection(test.Location.ConnectionString);
        await connection.OpenAsync(Token);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM \"Job\" WHERE \"StateName\" <> 'Succeeded'";
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }

    private static async Task<long> CountUnfinishedAsync(Database database) =>
        (await database.QueryAsync(Unfinished, Token)).Rows[0][0].AsInteger;

    private static readonly SqlStatement Unfinished = new(
        "SELECT count(*) FROM \"Job\" WHERE \"StateName\" <> 'Succeeded'", "SELECT count(*) FROM hangfire.job WHERE statename <> 'Succeeded'");

    private static async Task AssertEachOnceAsync(Database database)
    {
        await using var host = JobsHost.On(database);
        var effects = await host.SelectAsync("SELECT job_id, count(*) AS n FROM crash_effects GROUP BY job_id");
        Assert.Equal(Jobs / 2, effects.Count);
        Assert.All(effects, e => Assert.Equal(1, e.Number("n")));
        Assert.Equal(Jobs, (await host.OfAsync("Job")).Count(j => j.Text("statename") == JobStates.Succeeded));
        Assert.Empty(await host.OfAsync("JobQueue"));
        Assert.Equal(Jobs, (await host.OfAsync("State")).Count(s => s.Text("name") == JobStates.Succeeded));
        Assert.Equal(Jobs, (await host.CountersAsync())["stats:succeeded"]);
    }

    /// <summary>A server that is killed without a word.</summary>
    private sealed class ServerProcess : IAsyncDisposable
    {
        private readonly Process _process;

        private ServerProcess(Process process) => _process = process;

        public static async Task<ServerProcess> StartAsync(string connectionString, params string[] more)
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
            var assembly = typeof(CrashWorker).Assembly.Location;
            // The runner may be the test executable itself, or the dotnet host that loads it.
            if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "dotnet" or "testhost")
            {
                start.FileName = Path.ChangeExtension(assembly, OperatingSystem.IsWindows() ? ".exe" : null);
            }

            start.ArgumentList.Add(CrashWorker.Verb);
            start.ArgumentList.Add(connectionString);
            foreach (var argument in more)
                start.ArgumentList.Add(argument);
            var server = new ServerProcess(Process.Start(start)!);
            // On a busy machine the first job may be done before the server says that it has started.
            Assert.True(await server._process.StandardOutput.ReadLineAsync(Token) is "ready" or "done");
            return server;
        }

        /// <summary>Waits until it has run some jobs, or has none left.</summary>
        public async Task WaitForDoneAsync(int jobs)
        {
            for (var i = 0; i < jobs; i++)
            {
                using var quiet = CancellationTokenSource.CreateLinkedTokenSource(Token);
                quiet.CancelAfter(TimeSpan.FromSeconds(2));
                try
                {
                    if (await _process.StandardOutput.ReadLineAsync(quiet.Token) is null)
                        return;
                }
                catch (OperationCanceledException) when (!Token.IsCancellationRequested)
                {
                    return;
                }
            }
        }

        public async Task KillAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync(Token);
        }

        public async ValueTask DisposeAsync()
        {
            if (!_process.HasExited)
                await KillAsync();
            _process.Dispose();
        }
    }
}
