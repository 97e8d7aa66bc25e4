using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Automation.Dashboard;
using Automation.Dashboard.Access;
using Automation.Dashboard.Settings;
using Automation.Dashboard.Shell;
using Automation.Host.Access;
using Automation.Host.Metrics;
using Automation.Host.OpenApi;
using Automation.Intake;
using Automation.Intake.Routing;
using Automation.Jobs;
using Automation.Steps.Data;
using Automation.Steps.Deliveries;
using Automation.Steps.Endpoints;
using Automation.Steps.Files;
using Automation.Steps.Http;
using Automation.Steps.Notifications;
using Automation.Steps.Outgoing;
using Automation.Steps.Secrets;
using Automation.Steps.Sql;
using Automation.Storage;
using Automation.Storage.Access;
using Automation.Studio;
using Automation.Workflows;
using Automation.Workflows.Execution;
using Automation.Workflows.Retention;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Logging.Console;

namespace Automation.Host.Start;

/// <summary>What the server consists of: the one place that knows all parts.</summary>
internal static class Parts
{
    /// <summary>The sections of the configuration and what each is bound to.</summary>
    public static IReadOnlyDictionary<string, Type> Sections { get; } = new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase)
    {
        ["Automation"] = typeof(HostOptions),
        ["Automation:Access"] = typeof(AccessOptions),
        ["Automation:Intake"] = typeof(IntakeOptions),
        ["Automation:Jobs"] = typeof(JobOptions),
        ["Automation:Steps:Data"] = typeof(DataOptions),
        ["Automation:Steps:Deliveries"] = typeof(DeliveryOptions),
        ["Automation:Steps:Endpoints"] = typeof(EndpointOptions),
        ["Automation:Steps:Http"] = typeof(HttpOptions),
        ["Automation:Steps:Notifications"] = typeof(NotificationOptions),
        ["Automation:Steps:Outgoing"] = typeof(OutgoingOptions),
        ["Automation:Steps:Files"] = typeof(FilesOptions),
        ["Automation:Steps:Sql"] = typeof(SqlOptions),
        ["Automation:Storage"] = typeof(StorageOptions),
        ["Automation:Workflows"] = typeof(WorkflowOptions),
        ["Automation:Workflows:Engine"] = typeof(WorkflowEngineOptions),
        ["Automation:Workflows:Retention"] = typeof(RetentionOptions),
    };

    public static void AddTo(WebApplicationBuilder builder)
    {
        var services = builder.Services;
        // Also outside of Development: a clone is run as it is built, without publishing.
        builder.WebHost.UseStaticWebAssets();
        builder.Logging.AddConsoleFormatter<LineFormatter, ConsoleFormatterOptions>();
        services.AddOptions<HostOptions>().BindConfiguration("Automation");
        services.AddProblemDetails();
        // In every environment alike: what cannot be read is thrown, and told by UseBadRequests.
        services.Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.AddOpenApi(o =>
        {
            o.ShouldInclude = d => d.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
            o.AddOperationTransformer(EntityTagsInDescription.AddAsync);
            o.AddOperationTransformer(ApiExamples.AddAsync);
        });
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
            o.SerializerOptions.TypeInfoResolver = (o.SerializerOptions.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(RefuseUnknownMembers);
        });
        services.AddAutomationStorage(s =>
        {
            var configuration = s.GetRequiredService<IConfiguration>();
            return DatabaseLocation.From(configuration.GetConnectionString("Automation"), DataDirectory(builder));
        });

        // In the order in which they start; they stop in the opposite order, so that nothing is taken in that cannot be done.
        services.AddAutomationJobs();
        services.AddAutomationWorkflows();
        services.AddAutomationSteps();
        services.PostConfigure<FilesOptions>(o => o.Directory = Path.GetFullPath(o.Directory, DataDirectory(builder)));
        services.PostConfigure<SqlOptions>(o => o.Directory = Path.GetFullPath(o.Directory ?? "", DataDirectory(builder)));
        services.AddSingleton<IWorkflowStarter, EventWorkflowStarter>();
        services.AddAutomationIntake();
        services.AddMetricsText();
        services.AddAccess(DataDirectory(builder));
        var assets = new BrowserAssets(
            Path.Combine(builder.Environment.ContentRootPath, "src", "Automation.Host", "browser"),
            Path.Combine(AppContext.BaseDirectory, "browser"));
        services.AddSingleton(new SettingsCatalog(Sections));
        services.AddAutomationDashboard(assets);
        services.AddAutomationStudio(assets.Studio);
    }

    /// <summary>
    /// What is asked of events and sources is refused where it holds a word that is not known: a filter that is misspelt would
    /// otherwise be none and replay everything, a verification that is misspelt would be left out, a subscriber whose event
    /// types are misspelt would get all.
    /// </summary>
    private static void RefuseUnknownMembers(JsonTypeInfo type)
    {
        if (type.Kind == JsonTypeInfoKind.Object && (type.Type.Namespace is ("Automation.Dashboard.Events" or "Automation.Dashboard.Sources" or "Automation.Intake") || type.Type == typeof(EndpointSettings)))
            type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
    }

    public static void MapTo(WebApplication app)
    {
        app.UseAutomationWebhooks();
        app.UseExceptionHandler();
        app.UseWorkflowEndpoints();
        // A machine is told by problem details, a person by a page.
        // Not in a branch of its own: there the second run would find no page.
        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        app.Use((context, next) =>
        {
            if (IsForMachines(context) && context.Features.Get<IStatusCodePagesFeature>() is { } pages)
                pages.Enabled = false;
            return next(context);
        });
        app.UseWhen(IsForMachines, machines => machines.UseStatusCodePages());
        app.UseSecurityHeaders();
        app.UseCrossSiteGuard();
        app.UseRateLimiter();
        app.UseAuthentication();
        app.Use(TrustedHeader.EnterAsync);
        app.UseAuthorization();
        app.UseAntiforgery();
        app.UseAudit();
        app.UseBadRequests(IsForMachines);
        app.MapHealth();
        app.MapMetrics();
        app.MapOpenApi().WithMetadata(new LeastRoleAttribute(Role.Viewer));
        app.MapSignIn();
        app.MapAutomationDashboard();
        app.MapAutomationStudio();
        app.MapSecrets();
        app.MapHttpExchanges();
        app.MapNotifications();
        app.MapDeliveries();
        app.MapDocuments();
    }

    private static bool IsForMachines(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/elsa", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/openapi", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/healthz", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/metrics", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/studio", StringComparison.OrdinalIgnoreCase)
        || context.Request.Path.StartsWithSegments("/lib", StringComparison.OrdinalIgnoreCase);

    /// <summary>Full path of the directory that the default database and the keys live in.</summary>
    public static string DataDirectory(WebApplicationBuilder builder) =>
        Path.GetFullPath(builder.Configuration["Automation:DataDirectory"] ?? "data", builder.Environment.ContentRootPath);
}
