using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Automation.Steps.Deliveries;
using Automation.Steps.Tests.Support;

namespace Automation.Steps.Tests.Deliveries;

/// <summary>Receivers, each a server of its own: some answer, the first fail, the next hang until they are let go.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScriptedServer[] _servers;
    private readonly int[] _now;
    private readonly int[] _most;

    public Fleet(int count, int failing, int hanging)
    {
        (_now, _most) = (new int[count], new int[count]);
        (Failing, Hanging) = (failing, hanging);
        _servers = [.. Enumerable.Range(0, count).Select(i => new ScriptedServer((request, connection) => ServeAsync(i, request, connection)))];
    }

    public int Count => _servers.Length;

    public int Failing { get; }

    public int Hanging { get; }

    /// <summary>What arrived, by endpoint, when.</summary>
    public ConcurrentQueue<(int Endpoint, string Id, long At)> Arrivals { get; } = [];

    public bool Fails(int endpoint) => endpoint < Failing;

    public bool Hangs(int endpoint) => endpoint >= Failing && endpoint < Failing + Hanging;

    /// <summary>Most requests that an endpoint had at a time.</summary>
    public int MostAtATime(int endpoint) => _most[endpoint];

    /// <summary>Those that hang answer.</summary>
    public void LetGo() => _go.TrySetResult();

    public async Task SubscribeAsync(EndpointStore store, CancellationToken cancellationToken)
    {
        for (var i = 0; i < Count; i++)
            await store.AddAsync(new EndpointSettings { Url = _servers[i].Url, EventTypes = [EventType(i)] }, cancellationToken);
    }

    public static string EventType(int endpoint) => string.Create(CultureInfo.InvariantCulture, $"to.{endpoint}");

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    private async Task ServeAsync(int endpoint, SeenRequest request, ServerConnection connection)
    {
        Arrivals.Enqueue((endpoint, request.Header("webhook-id")!, Stopwatch.GetTimestamp()));
        var now = Interlocked.Increment(ref _now[endpoint]);
        int most;
        while (now > (most = Volatile.Read(ref _most[endpoint])) && Interlocked.CompareExchange(ref _most[endpoint], now, most) != most)
        {
        }

        if (Hangs(endpoint))
            await _go.Task.WaitAsync(connection.Stopped);
        Interlocked.Decrement(ref _now[endpoint]);
        await connection.AnswerAsync(Fails(endpoint) ? 500 : 200, "{}");
    }
}
