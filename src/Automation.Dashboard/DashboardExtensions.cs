using Automation.Dashboard.Access;
using Automation.Dashboard.Data;
using Automation.Dashboard.Deliveries;
using Automation.Dashboard.Events;
using Automation.Dashboard.Exports;
using Automation.Dashboard.Instances;
using Automation.Dashboard.Jobs;
using Automation.Dashboard.Live;
using Automation.Dashboard.Mappings;
using Automation.Dashboard.Notifications;
using Automation.Dashboard.Overview;
using Automation.Dashboard.Search;
using Automation.Dashboard.Settings;
using Automation.Dashboard.Shared;
using Automation.Dashboard.Shell;
using Automation.Dashboard.Sources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Dashboard;

/// <summary>Registers and maps the console.</summary>
public static class DashboardExtensions
{
    /// <summary>Adds what the pages need.</summary>
    /// <param name="services">The services.</param>
    /// <param name="assets">Where the browser's packages are.</param>
    public static IServiceCollection AddAutomationDashboard(this IServiceCollection services, BrowserAssets assets)
    {
        services.AddSingleton(assets);
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddOptions<AccessOptions>().BindConfiguration("Automation:Access").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<Users>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<AuditLog>();
        services.AddHostedService<AuditSweeper>();
        services.AddSingleton<MappingEditor>();
        services.AddSingleton<RuleTrial>();
        services.AddSingleton<TestEvents>();
        services.AddSingleton<EventWorkflows>();
        services.AddSingleton<InstanceStory>();
        services.AddSingleton<RollupReader>();
        services.AddSingleton<RollupStore>();
        services.AddSingleton<OverviewFigures>();
        services.AddSingleton<RollupWorker>();
        services.AddHostedService(s => s.GetRequiredService<RollupWorker>());
        services.AddSingleton<SearchEverything>();
        return services;
    }

    /// <summary>Maps the pages, their assets and the stream of changes.</summary>
    public static void MapAutomationDashboard(this WebApplication app)
    {
        app.Services.GetRequiredService<BrowserAssets>().MapTo(app);
        app.MapStaticAssets().AllowAnonymous();
        // Browsers ask here, too, whatever a page says about its icon.
        app.MapGet("/favicon.ico", () => TypedResults.Redirect("/_content/Automation.Dashboard/favicon.svg", permanent: true)).AllowAnonymous().ExcludeFromDescription();
        app.MapLive();
        app.MapOverviewApi();
        app.MapEventsApi();
        app.MapEventWorkflows();
        app.MapExportApi();
        app.MapReplaysApi();
        app.MapSetupApi();
        app.MapInstancesApi();
        app.MapInstanceActions();
        app.MapJobsApi();
        app.MapJobMoves();
        app.MapPageActions();
        app.MapJobActions();
        app.MapJobStats();
        app.MapAccessApi();
        app.MapAccessActions();
        app.MapAuditApi();
        app.MapExports();
        app.MapDeliveryActions();
        app.MapNotificationActions();
        app.MapDocumentActions();
        app.MapMappingActions();
        app.MapSourceActions();
        app.MapSourceEditing();
        app.MapSearch();
        app.MapSettings();
        app.MapRazorComponents<ConsoleApp>();
    }
}
