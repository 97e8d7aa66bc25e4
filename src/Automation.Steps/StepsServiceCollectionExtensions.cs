using Automation.Steps.Http;
using Automation.Steps.Outgoing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the steps that reach outside.</summary>
public static class StepsServiceCollectionExtensions
{
    /// <summary>Adds the steps, with options from <c>Automation:Steps</c>. The database must be registered too.</summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddAutomationSteps(this IServiceCollection services)
    {
        services.AddOptions<OutgoingOptions>().BindConfiguration("Automation:Steps:Outgoing").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<HttpOptions>().BindConfiguration("Automation:Steps:Http").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(s => new OwnServer(s.GetService<Microsoft.AspNetCore.Hosting.Server.IServer>()));
        services.TryAddSingleton<OutgoingGuard>();
        services.TryAddSingleton<OutgoingHttp>();
        services.TryAddSingleton<HttpCaller>();
        services.TryAddSingleton<HttpExchangeLog>();
        services.AddBackgroundActivity<HttpRequestStep>(HttpRequestStep.SendHttpRequest, HttpRequestStep.FlowSendHttpRequest, HttpRequestStep.DownloadHttpFile);
        return services;
    }
}
