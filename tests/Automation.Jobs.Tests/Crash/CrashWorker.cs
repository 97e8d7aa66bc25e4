using Automation.Jobs.Tests.Support;
using Automation.Storage;
using Automation.Storage.Writes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Automation.Jobs.Tests.Crash;

/// <summary>A server in a process of its own: runs jobs that each leave one effect, and says so on its output.</summary>
internal static class CrashWorker
{
    public const string Verb = "crash-worker";

    private static readonly SqlStatement Effect = new("INSERT INTO crash_effects (job_id) VALUES ($1)");

    public static async Task<int> RunAsync(string[] args)
    {
        var location = DatabaseLocation.From(args[0], "");
        await using var database = new Database(location, new StorageOptions(), TimeProvider.System, NullLogger<Database>.Instance);
        await database.OpenAsync(CancellationToken.None);
        await using var host = JobsHost.On(
            database,
            s => s.AddSingleton(database).AddJobHandler<EffectHandler>("effect").AddJobHandler<PlainHandler>("plain"),
            o =>
            {
                o.WorkerCount = 10;
                o.HeartbeatInterval = TimeSpan.FromMilliseconds(250);
                o.PollInterval = TimeSpan.FromSeconds(1);
            });
        await host.StartAsync();
        Console.WriteLine("ready");
        // One by one, each stored as already taken while workers are free.
        for (var i = 0; args.Length > 1 && i < int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture); i++)
            await host.Client.EnqueueAsync(new JobRequest(i % 2 == 0 ? "effect" : "plain", i));
        // Runs until it is killed, or its parent has gone.
        while (await Console.In.ReadLineAsync() is not null)
        {
            // Nothing is said to it.
        }

        return 0;
    }

    /// <summary>Ends in the same commit as its effect.</summary>
    private sealed class EffectHandler(Database database) : IJobHandler
    {
        public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
        {
            var unit = new WriteUnit().Add(Effect, context.Id);
            context.AddSuccessTo(unit);
            await database.CommitAsync(unit, cancellationToken: cancellationToken);
            await Console.Out.WriteLineAsync("done");
        }
    }

    private sealed class PlainHandler : IJobHandler
    {
        public Task RunAsync(JobContext context, CancellationToken cancellationToken) => Console.Out.WriteLineAsync("done");
    }
}
