using Automation.Dashboard.Access;
using Automation.Storage.Access;

namespace Automation.Host.Metrics;

/// <summary>The figures of this process for Prometheus and whoever else reads its text.</summary>
internal static class MetricsEndpoint
{
    private const string TextFormat = "text/plain; version=0.0.4; charset=utf-8";

    public static void AddMetricsText(this IServiceCollection services)
    {
        services.AddSingleton<MetricsCollector>();
        services.AddHostedService(s => s.GetRequiredService<MetricsCollector>());
    }

    public static void MapMetrics(this IEndpointRouteBuilder app) =>
        app.MapGet("/metrics", async (MetricsCollector collector, CancellationToken token) => TypedResults.Text(await collector.CollectAsync(token), TextFormat))
            .WithMetadata(new LeastRoleAttribute(Role.Viewer)).ExcludeFromDescription();
}
