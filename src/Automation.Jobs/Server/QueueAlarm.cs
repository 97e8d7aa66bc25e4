using System.Net.Http.Json;
using System.Text.Json.Serialization;

namespace Automation.Jobs.Server;

/// <summary>Posts to an address that a queue has fallen behind.</summary>
internal sealed class QueueAlarm : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Tells it.</summary>
    /// <exception cref="HttpRequestException">The address cannot be reached, or refused.</exception>
    public async Task TellAsync(Uri address, JobQueueView queue, TimeSpan age, CancellationToken cancellationToken)
    {
        var alarm = new QueueLate("queue.late", queue.Name, queue.Length, queue.OldestAt!.Value, Math.Round(age.TotalSeconds, 3));
        using var answer = await _client.PostAsJsonAsync(address, alarm, AlarmJson.Default.QueueLate, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => _client.Dispose();
}

/// <summary>What is posted.</summary>
/// <param name="Type">What has happened.</param>
/// <param name="Queue">Which queue.</param>
/// <param name="Jobs">How many jobs wait in it.</param>
/// <param name="OldestAt">When the one was created that has waited longest.</param>
/// <param name="AgeSeconds">How long ago that is.</param>
internal sealed record QueueLate(string Type, string Queue, long Jobs, DateTimeOffset OldestAt, double AgeSeconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(QueueLate))]
internal sealed partial class AlarmJson : JsonSerializerContext;
