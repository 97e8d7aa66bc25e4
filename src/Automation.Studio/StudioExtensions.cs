using Automation.Studio.Hosting;
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
        return services;
    }

    /// <summary>Maps the pages and files below <c>/studio</c> and the API below <c>/elsa</c>.</summary>
    public static void MapAutomationStudio(this WebApplication app)
    {
        StudioPages.MapTo(app);
        app.Services.GetRequiredService<StudioFiles>().MapTo(app);
    }
}
