using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Automation.Intake.Sources;

/// <summary>Whether sources that verify nothing may be served where this server listens.</summary>
internal sealed class OpenSources(IOptions<IntakeOptions> options, IServiceProvider services)
{
    /// <summary>Why these sources must not be served; null where they may.</summary>
    /// <param name="slugs">Sources that verify nothing.</param>
    public string? Obstacle(IReadOnlyList<string> slugs)
    {
        if (slugs.Count == 0 || options.Value.AllowOpenSources || Addresses().FirstOrDefault(a => !IsLoopback(a)) is not { } outward)
            return null;
        return $"The server listens on {outward}, where anybody can send events to the sources {string.Join(", ", slugs)}, which verify nothing. "
            + "Give them secrets (Automation:Intake:Sources:<source>), listen on loopback only, or set Automation:Intake:AllowOpenSources to true.";
    }

    internal static bool IsLoopback(string address)
    {
        var host = BindingAddress.Parse(address).Host;
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
    }

    private IEnumerable<string> Addresses() =>
        services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
}
