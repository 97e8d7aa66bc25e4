using Microsoft.Extensions.Logging;

namespace Automation.Jobs.Server;

/// <summary>Looks at the queues now and then: for the gauges, and to tell when one falls behind.</summary>
internal sealed partial class QueueWatch(
    JobQueries queries, JobMetrics metrics, QueueAlarm alarm, JobOptions options, TimeProvider clock, ILogger<QueueWatch> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    // Told once until the queue has caught up.
    private readonly HashSet<string> _late = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(cancellationToken))
            await LookAsync(cancellationToken);
    }

    internal async Task LookAsync(CancellationToken cancellationToken)
    {
        var queues = await queries.QueuesAsync(cancellationToken);
        metrics.SetQueues(queues);
        if (options.QueueAgeLimit is not { } limit)
            return;
        var now = clock.GetUtcNow();
        foreach (var queue in queues)
        {
            // A delayed job is older than its wait in the queue; one that waits behind it is not, and soon shows it.
            if (queue.OldestAt is not { } oldest || now - oldest <= limit || queue.IsPaused)
            {
                _late.Remove(queue.Name);
            }
            else if (_late.Add(queue.Name))
            {
                LogLate(queue.Name, queue.Length, now - oldest);
                options.OnQueueLate?.Invoke(queue);
                await PostAsync(queue, now - oldest, cancellationToken);
            }
        }

        _late.RemoveWhere(name => queues.All(q => q.Name != name));
    }

    private async Task PostAsync(JobQueueView queue, TimeSpan age, CancellationToken cancellationToken)
    {
        if (options.QueueAgeUrl is not { } address)
            return;
        try
        {
            await alarm.TellAsync(address, queue, age, cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Nobody has heard it: told again at the next look.
            _late.Remove(queue.Name);
            LogNotTold(queue.Name, address, e.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "That queue {Queue} is late could not be told to {Address}: {Reason}")]
    private partial void LogNotTold(string queue, Uri address, string reason);

    [LoggerMessage(LogLevel.Warning, "Queue {Queue} is late: {Jobs} jobs wait, the oldest for {Age}")]
    private partial void LogLate(string queue, long jobs, TimeSpan age);
}
