using Microsoft.Extensions.Logging;
using Npgsql;

namespace Automation.Storage.Postgres;

/// <summary>
/// Hears what servers of the same database say with <c>NOTIFY</c>: one connection for all who listen. What is said while it
/// is being made again is missed; all are told that, and look for themselves.
/// </summary>
internal sealed partial class PostgresListener(NpgsqlDataSource source, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();

    // Guarded by the lock: who listens to what, and what ends a connection that does not listen to all of it.
    private readonly List<Listening> _listening = [];
    private CancellationTokenSource? _changed;
    private Task _running = Task.CompletedTask;

    public IDisposable Add(string channel, Action<string> heard)
    {
        var listening = new Listening(this, channel, heard);
        lock (_lock)
        {
            _listening.Add(listening);
            if (_running.IsCompleted && !_stopping.IsCancellationRequested)
                _running = Task.Run(RunAsync);
            _changed?.Cancel();
        }

        return listening;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            using var changed = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            string[] channels;
            lock (_lock)
            {
                _changed = changed;
                channels = [.. _listening.Select(l => l.Channel).Distinct(StringComparer.Ordinal)];
            }

            try
            {
                await ListenAsync(channels, changed.Token);
            }
            catch (Exception) when (changed.IsCancellationRequested)
            {
                // Somebody listens to something else too, or it is the end.
            }
            catch (Exception e)
            {
                LogLost(e.Message);
                await Task.Delay(ReconnectDelay, clock, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                lock (_lock)
                    _changed = null;
            }
        }
    }

    private async Task ListenAsync(string[] channels, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, said) => Tell(said.Channel, said.Payload);
        await using (var listen = new NpgsqlCommand(string.Concat(channels.Select(c => $"LISTEN {c};")), connection))
            await listen.ExecuteNonQueryAsync(cancellationToken);
        foreach (var channel in channels)
            Tell(channel, "");
        while (true)
            await connection.WaitAsync(cancellationToken);
    }

    private void Tell(string channel, string text)
    {
        Listening[] listening;
        lock (_lock)
            listening = [.. _listening.Where(l => l.Channel == channel)];
        foreach (var one in listening)
            one.Heard(text);
    }

    [LoggerMessage(LogLevel.Warning, "Lost the connection that tells what other servers do ({Reason}); it is found by looking until it is back")]
    private partial void LogLost(string reason);

    private sealed record Listening(PostgresListener Owner, string Channel, Action<string> Heard) : IDisposable
    {
        public void Dispose()
        {
            lock (Owner._lock)
                Owner._listening.RemoveAll(l => ReferenceEquals(l, this));
        }
    }
}
