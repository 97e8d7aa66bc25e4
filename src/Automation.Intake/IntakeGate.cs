using System.Net;
using Automation.Intake.Sources;
using Automation.Intake.Webhooks;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Intake;

/// <summary>
/// Opens the intake once the server listens, unless a source that verifies nothing would be served to more than this
/// machine without being told so.
/// </summary>
internal sealed partial class IntakeGate(
    WebhookIntake intake, SourceCatalog sources, IOptions<IntakeOptions> options, IServiceProvider services, ILogger<IntakeGate> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        var open = sources.Unverified.ToArray();
        var outward = Addresses().FirstOrDefault(a => !IsLoopback(a));
        if (open.Length > 0 && outward is not null && !options.Value.AllowOpenSources)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(IntakeOptions), [
                $"The server listens on {outward}, where anybody can send events to the sources {string.Join(", ", open)}, which verify nothing. "
                + "Give them secrets (Automation:Intake:Sources:<source>), listen on loopback only, or set Automation:Intake:AllowOpenSources to true."]);
        }

        intake.Ready = true;
        LogOpen(sources.All.Count, open.Length);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal static bool IsLoopback(string address)
    {
        var host = BindingAddress.Parse(address).Host;
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
    }

    private IEnumerable<string> Addresses() =>
        services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

    [LoggerMessage(LogLevel.Information, "Webhooks are taken from {Sources} sources, {Open} of them open")]
    private partial void LogOpen(int sources, int open);
}
