using System.Threading.Channels;
using Automation.Studio.Api.Instances;
using Automation.Workflows.Queries;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Automation.Studio.Live;

internal sealed record StatsMessage(IReadOnlyList<NodeStats> Stats);

internal sealed record EmptyMessage;

internal sealed record InstanceMessage(string WorkflowInstanceId);

/// <summary>Tells viewers that an instance has moved. Whoever may look at instances may listen.</summary>
internal sealed class InstanceHub(Observers observers) : Hub
{
    public const string Path = "/elsa/hubs/workflow-instance";

    /// <summary>Begins to tell the caller about an instance.</summary>
    public async Task ObserveInstanceAsync(string instanceId)
    {
        await Groups.AddToGroupAsync(Context.ConnectionId, instanceId, Context.ConnectionAborted);
        observers.Add(Context.ConnectionId, instanceId);
    }

    /// <inheritdoc/>
    public override Task OnDisconnectedAsync(Exception? exception)
    {
        observers.Remove(Context.ConnectionId);
        return base.OnDisconnectedAsync(exception);
    }
}

/// <summary>Which instances somebody looks at, so that the others cost nothing.</summary>
internal sealed class Observers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HashSet<string>> _instancesOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _observed = new(StringComparer.Ordinal);

    public void Add(string connection, string instanceId)
    {
        lock (_lock)
        {
            if (!_instancesOf.TryGetValue(connection, out var instances))
                _instancesOf[connection] = instances = new HashSet<string>(StringComparer.Ordinal);
            if (instances.Add(instanceId))
                _observed[instanceId] = _observed.GetValueOrDefault(instanceId) + 1;
        }
    }

    public void Remove(string connection)
    {
        lock (_lock)
        {
            if (!_instancesOf.Remove(connection, out var instances))
                return;
            foreach (var instance in instances)
            {
                if (--_observed[instance] == 0)
                    _observed.Remove(instance);
            }
        }
    }

    public bool IsObserved(string instanceId)
    {
        lock (_lock)
            return _observed.Count > 0 && _observed.ContainsKey(instanceId);
    }
}

/// <summary>
/// Sends the three messages after commits of instances that somebody looks at. Several commits in a row become one
/// message, because each makes the viewer read the instance again.
/// </summary>
internal sealed partial class InstanceBroadcaster(
    WorkflowEvents events, Observers observers, IHubContext<InstanceHub> hub, JournalQueries journal, TimeProvider clock, ILogger<InstanceBroadcaster> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(150);

    private readonly Channel<string> _changed = Channel.CreateBounded<string>(new BoundedChannelOptions(1_000) { FullMode = BoundedChannelFullMode.DropOldest });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Called by the committing thread, so it only takes a note.
        using var listening = events.OnCommitted(committed =>
        {
            if (observers.IsObserved(committed.Instance.Id))
                _changed.Writer.TryWrite(committed.Instance.Id);
        });
        try
        {
            while (await _changed.Reader.WaitToReadAsync(stoppingToken))
            {
                var instances = new HashSet<string>(StringComparer.Ordinal);
                while (_changed.Reader.TryRead(out var instanceId))
                    instances.Add(instanceId);
                foreach (var instanceId in instances)
                    await TellAsync(instanceId, stoppingToken);
                await Task.Delay(Pace, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping, also where the start failed.
        }
    }

    private async Task TellAsync(string instanceId, CancellationToken cancellationToken)
    {
        try
        {
            var viewers = hub.Clients.Group(instanceId);
            var stats = await journal.ReportAsync(instanceId, cancellationToken: cancellationToken);
            await viewers.SendAsync("ActivityExecutionLogUpdatedAsync", new StatsMessage([.. stats.Select(NodeStats.From)]), cancellationToken);
            await viewers.SendAsync("WorkflowExecutionLogUpdatedAsync", new EmptyMessage(), cancellationToken);
            await viewers.SendAsync("WorkflowInstanceUpdatedAsync", new InstanceMessage(instanceId), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The viewer asks again by itself; the next commit is told anyway.
            LogTellingFailed(instanceId, e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Could not tell the viewers of instance {InstanceId} about its commit")]
    private partial void LogTellingFailed(string instanceId, Exception exception);
}
