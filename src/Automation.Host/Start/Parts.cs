using Automation.Dashboard;
using Automation.Dashboard.Shell;
using Automation.Host.Access;
using Automation.Storage;
using Automation.Studio;

namespace Automation.Host.Start;

/// <summary>What the server consists of: the one place that knows all parts.</summary>
internal static class Parts
{
    /// <summary>The sections of the configuration and what each is bound to.</summary>
    public static IReadOnlyDictionary<string, Type> Sections { get; } = new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase)
    {
        ["Automation"] = typeof(HostOptions),
        ["Automation:Storage"] = typeof(StorageOptions),
    };

    public static void AddTo(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        // Also outside of Development: a clone is run as it is built, without publishing.
        builder.WebHost.UseStaticWebAssets();
        services.AddOptions<HostOptions>().BindConfiguration("Automation");
        services.AddProblemDetails();
        services.AddAutomationStorage(s =>
        {
            var configuration = s.GetRequiredService<IConfiguration>();
            return DatabaseLocation.From(configuration.GetConnectionString("Automation"), DataDirectory(builder));
        });

        services.AddAccess(DataDirectory(builder));
        var assets = new BrowserAssets(
            Path.Combine(builder.Environment.ContentRootPath, "src", "Automation.Host", "browser"),
            Path.Combine(AppContext.BaseDirectory, "browser"));
        services.AddAutomationDashboard(assets);
        services.AddAutomationStudio(assets.Studio);
    }

    public static void MapTo(WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseSecurityHeaders();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapHealth();
        app.MapSignIn();
        app.MapAutomationDashboard();
        app.MapAutomationStudio();
    }

    /// <summary>Full path of the directory that the default database and the keys live in.</summary>
    public static string DataDirectory(WebApplicationBuilder builder) =>
        Path.GetFullPath(builder.Configuration["Automation:DataDirectory"] ?? "data", builder.Environment.ContentRootPath);
}
