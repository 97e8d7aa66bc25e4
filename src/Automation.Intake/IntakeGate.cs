using Automation.Intake.Sources;
using Automation.Intake.Webhooks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake;

/// <summary>
/// Opens the intake once the server listens, unless a source that verifies nothing would be served to more than this
/// machine without being told so.
/// </summary>
internal sealed partial class IntakeGate(
    WebhookIntake intake, SourceCatalog sources, OpenSources open, ILogger<IntakeGate> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var unverified = sources.Unverified.ToArray();
        if (open.Obstacle(unverified) is { } obstacle)
            throw new OptionsValidationException(Options.DefaultName, typeof(IntakeOptions), [obstacle]);

        intake.Ready = true;
        LogOpen(sources.All.Count, unverified.Length);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Information, "Webhooks are taken from {Sources} sources, {Open} of them open")]
    private partial void LogOpen(int sources, int open);
}
