using Automation.Host.Access;
using Automation.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;

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
        services.AddOptions<HostOptions>().BindConfiguration("Automation");
        services.AddProblemDetails();
        services.AddAutomationStorage(s =>
        {
            var configuration = s.GetRequiredService<IConfiguration>();
            return DatabaseLocation.From(configuration.GetConnectionString("Automation"), DataDirectory(builder));
        });

        services.AddSingleton<ApiKeys>();
        services.AddAuthentication(ApiKeyAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, configureOptions: null);
        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
    }

    public static void MapTo(WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapHealth();
    }

    /// <summary>Full path of the directory that the default database and the keys live in.</summary>
    public static string DataDirectory(WebApplicationBuilder builder) =>
        Path.GetFullPath(builder.Configuration["Automation:DataDirectory"] ?? "data", builder.Environment.ContentRootPath);
}
