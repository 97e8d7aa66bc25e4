using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Exports;

/// <summary>Every list as a file: where it is, who may have it, and what is in it. Events stand with their API.</summary>
internal static class ExportRoutes
{
    public static void MapExports(this IEndpointRouteBuilder app)
    {
        Describe(app.MapGet("/api/instances/export", RunExports.InstancesAsync), "Instances", "All instances of a filter, newest first");
        Describe(app.MapGet("/api/jobs/export", RunExports.JobsAsync), "Jobs", "All jobs of a filter, newest first; where nothing matches for half a minute its last line says where to go on (?before=)");
        Describe(app.MapGet("/api/jobs/recurring/export", RunExports.RecurringAsync), "Jobs", "All recurring jobs by id", name: "RecurringJobs");
        Describe(app.MapGet("/api/notifications/export", OutgoingExports.NotificationsAsync), "Notifications", "All notifications of a filter, newest first");
        Describe(app.MapGet("/api/inbox/export", OutgoingExports.InboxAsync), "Inbox", "The inbox, or what is unread in it, newest first");
        Describe(app.MapGet("/api/deliveries/export", OutgoingExports.DeliveriesAsync), "Deliveries", "All deliveries, of one endpoint or of all, newest first");
        Describe(app.MapGet("/api/endpoints/export", OutgoingExports.EndpointsAsync), "Deliveries", "All endpoints", Role.Designer, "Endpoints");
        Describe(app.MapGet("/api/mappings/export", SetupExports.MappingsAsync), "Mappings", "The rules and triggers in force; ?source=, ?type= and ?workflow= as on their page");
        Describe(app.MapGet("/api/sources/export", SetupExports.SourcesAsync), "Sources", "The sources");
        Describe(app.MapGet("/api/replays/export", SetupExports.ReplaysAsync), "Events", "The latest bulk replays", name: "Replays");
        Describe(app.MapGet("/api/users/export", SetupExports.UsersAsync), "Access", "The people who may sign in", Role.Administrator, "Users");
        Describe(app.MapGet("/api/keys/export", SetupExports.KeysAsync), "Access", "The API keys, without the keys themselves", Role.Administrator, "Keys");
        Describe(app.MapGet("/api/audit/export", SetupExports.AuditAsync), "Access", "All changes of a filter, newest first", Role.Administrator, "Audit");
        // Not below the lists themselves: a document, a channel or a secret may be named "export".
        Describe(app.MapGet("/api/data/{collection}", OutgoingExports.DocumentsAsync), "Data", "All documents of a collection, or those that ?where= (JSON, as in a query) leaves, by key", name: "Documents");
        Describe(app.MapGet("/api/exports/channels", SetupExports.ChannelsAsync), "Channels", "The channels, without URLs, which may hold what is secret", Role.Designer);
        Describe(app.MapGet("/api/exports/secrets", SetupExports.SecretsAsync), "Secrets", "The names of the secrets and when they were stored; never a value", Role.Designer);

        static void Describe(RouteHandlerBuilder route, string tag, string summary, Role role = Role.Viewer, string? name = null) =>
            route.WithTags(tag).WithName("Export" + (name ?? tag)).WithMetadata(new LeastRoleAttribute(role)).WithSummary(summary + ": CSV or NDJSON.");
    }
}
