using Automation.Jobs;
using Automation.Storage.Writes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Notifications;

/// <summary>Makes jobs of held notifications when their time has come, and removes old records.</summary>
internal sealed partial class HeldNotifications(
    NotificationLog log, Inbox inbox, ChannelStore channels, ChannelLimits limits, JobClient jobs, IOptions<NotificationOptions> options, TimeProvider clock, ILogger<HeldNotifications> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, clock);
        var cleaned = DateTimeOffset.MinValue;
        do
        {
            try
            {
                // Also for the designer's list: another server may have stored a channel.
                await channels.ListAsync(stoppingToken);
                await ReleaseAsync(stoppingToken);
                var now = clock.GetUtcNow();
                if (now - cleaned > TimeSpan.FromHours(1))
                {
                    cleaned = now;
                    await log.SweepAsync(now - options.Value.KeepFor, stoppingToken);
                    await inbox.SweepAsync(now - options.Value.KeepFor, stoppingToken);
                    await limits.SweepAsync(stoppingToken);
                }
            }
            catch (StorageUnavailableException e)
            {
                LogFailed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        var digests = new HashSet<(string Channel, string Recipient)>();
        foreach (var held in await log.DueAsync(clock.GetUtcNow(), cancellationToken))
        {
            // One job takes all that wait for a digest; the unique key keeps a second from being made meanwhile.
            if (!held.ForDigest || digests.Add((held.Channel, held.Recipient)))
                await jobs.EnqueueAsync(NotificationJob.For(held), cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not look at held notifications; trying again")]
    private partial void LogFailed(Exception exception);
}
