using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Automation.Host.Metrics;

/// <summary>Adds up what the meters of this process measure, and gives it as text when somebody asks.</summary>
internal sealed class MetricsCollector(IHostApplicationLifetime lifetime) : IHostedService, IDisposable
{
    // A start waits for nothing of this.
    private readonly TaskCompletionSource<PrometheusExporter> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MeterProvider? _provider;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => ThreadPool.QueueUserWorkItem(_ => Listen()));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>All figures as they are now.</summary>
    public async Task<string> CollectAsync(CancellationToken cancellationToken) => (await _ready.Task.WaitAsync(cancellationToken)).Text();

    public void Dispose() => _provider?.Dispose();

    private void Listen()
    {
        var exporter = new PrometheusExporter();
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter("Automation.*", "System.Runtime")
            .AddReader(new BaseExportingMetricReader(exporter))
            .Build();
        _ready.SetResult(exporter);
    }
}
