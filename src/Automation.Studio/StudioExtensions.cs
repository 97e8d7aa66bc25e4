using Automation.Jobs;
using Automation.Storage.Access;
using Automation.Studio.Api;
using Automation.Studio.Api.Alterations;
using Automation.Studio.Api.Descriptors;
using Automation.Studio.Api.Instances;
using Automation.Studio.Api.Labels;
using Automation.Studio.Hosting;
using Automation.Studio.Live;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Studio;

/// <summary>Registers and maps Elsa Studio and the API that it speaks.</summary>
public static class StudioExtensions
{
    /// <summary>Adds what the Studio's pages and API need.</summary>
    /// <param name="services">The services.</param>
    /// <param name="directory">Directory of the npm package <c>@elsa-workflows/elsa-studio-wasm</c>; null where it has not been fetched.</param>
    public static IServiceCollection AddAutomationStudio(this IServiceCollection services, string? directory)
    {
        services.AddSingleton(new StudioFiles(directory));
        services.AddSingleton<ActivityDescriptors>();
        services.AddSingleton<InstanceReader>();
        services.AddSingleton<Observers>();
        services.AddSingleton<LabelStore>();
        services.AddSingleton<AlterationPlans>();
        services.AddJobHandler<AlterationJob>(AlterationPlans.Job);
        services.AddHostedService<InstanceBroadcaster>();
        services.AddSignalR().AddJsonProtocol(o => o.PayloadSerializerOptions.TypeInfoResolverChain.Insert(0, StudioJson.Default));
        return services;
    }

    /// <summary>Maps the pages and files below <c>/studio</c> and the API below <c>/elsa</c>.</summary>
    public static void MapAutomationStudio(this WebApplication app)
    {
        ElsaApi.MapTo(app);
        app.MapHub<InstanceHub>(InstanceHub.Path).WithMetadata(new LeastRoleAttribute(Role.Viewer));
        StudioPages.MapTo(app);
        app.Services.GetRequiredService<StudioFiles>().MapTo(app);
    }
}
