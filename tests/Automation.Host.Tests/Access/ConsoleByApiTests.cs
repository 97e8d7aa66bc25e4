using Automation.Dashboard.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Routing;

namespace Automation.Host.Tests.Access;

/// <summary>
/// Whatever the console can do, a program can do too: each button and each page of the real route table has its operation of
/// the API, for the same role. A new one without fails here.
/// </summary>
public sealed class ConsoleByApiTests
{
    /// <summary>The address that a form posts to, and what of the API does the same.</summary>
    private static readonly Dictionary<string, string> Actions = new(StringComparer.Ordinal)
    {
        ["/events/{id}/replay"] = "POST /api/events/{id}/replay",
        ["/events/{id}/retry"] = "POST /api/events/{id}/retry",
        ["/events/{id}/test"] = "POST /api/events/{id}/test",
        ["/events/{id}/workflow"] = "POST /api/events/{id}/workflow",
        ["/replays"] = "POST /api/replays",
        ["/replays/{id}/run"] = "POST /api/replays",
        ["/replays/{id}/cancel"] = "POST /api/replays/{id}/cancel",
        ["/sources/save"] = "PUT /api/sources/{slug}",
        ["/sources/delete"] = "DELETE /api/sources/{slug}",
        ["/sources/{slug}/test"] = "POST /api/sources/{slug}/test",
        ["/mappings/save"] = "PUT /api/mappings",
        ["/mappings/{change:regex(^(enable|disable|delete)$)}"] = "PUT /api/mappings",
        ["/mappings/check"] = "POST /api/mappings/try",
        ["/mappings/history/{version:long}/restore"] = "POST /api/mappings/history/{version:long}/restore",
        ["/instances/{id}/cancel"] = "POST /api/instances/{id}/cancel",
        ["/instances/{id}/retry"] = "POST /api/instances/{id}/retry",
        ["/instances/{id}/move"] = "POST /api/instances/{id}/move",
        ["/instances/{id}/rerun"] = "POST /api/instances/{id}/rerun",
        ["/hangfire/matching/{page}/{move}"] = "POST /api/jobs/requeue",
        ["/hangfire/failures/{move:regex(^(requeue|delete)$)}"] = "POST /api/jobs/requeue",
        ["/hangfire/jobs/actions/requeue/{id:long}"] = "POST /api/jobs/{id:long}/requeue",
        ["/hangfire/jobs/actions/delete/{id:long}"] = "POST /api/jobs/{id:long}/delete",
        ["/hangfire/jobs/actions/cancel/{id:long}"] = "POST /api/jobs/{id:long}/cancel",
        ["/hangfire/recurring/{move:regex(^(trigger|remove|pause|resume)$)}"] = "POST /api/jobs/recurring/trigger",
        ["/hangfire/queues/{queue}/{move:regex(^(pause|resume)$)}"] = "POST /api/jobs/queues/{queue}/pause",
        ["/deliveries/endpoints/add"] = "POST /api/endpoints",
        ["/deliveries/endpoints/{id}/save"] = "PUT /api/endpoints/{id}",
        ["/deliveries/endpoints/{id}/test"] = "POST /api/endpoints/{id}/test",
        ["/deliveries/endpoints/{id}/rotate"] = "POST /api/endpoints/{id}/rotate",
        ["/deliveries/endpoints/{id}/delete"] = "DELETE /api/endpoints/{id}",
        ["/deliveries/endpoints/{id}/resend"] = "POST /api/endpoints/{id}/resend",
        ["/deliveries/event-types/store"] = "PUT /api/event-types/{name}",
        ["/deliveries/event-types/{name}/delete"] = "DELETE /api/event-types/{name}",
        ["/deliveries/{id}/resend"] = "POST /api/deliveries/{id}/resend",
        ["/inbox/read"] = "POST /api/inbox/read",
        ["/inbox/{id}/read"] = "POST /api/inbox/{id}/read",
        ["/inbox/{id}/delete"] = "DELETE /api/inbox/{id}",
        ["/notifications/channels/store"] = "PUT /api/channels/{name}",
        ["/notifications/channels/{name}/test"] = "POST /api/channels/{name}/test",
        ["/notifications/channels/{name}/delete"] = "DELETE /api/channels/{name}",
        ["/notifications/preview"] = "POST /api/channels/preview",
        ["/data/save"] = "PUT /api/data/{collection}/{key}",
        ["/data/delete"] = "DELETE /api/data/{collection}/{key}",
        ["/secrets/store"] = "PUT /api/secrets/{name}",
        ["/secrets/{name}/delete"] = "DELETE /api/secrets/{name}",
        ["/users/add"] = "POST /api/users",
        ["/users/{id}/role"] = "PATCH /api/users/{id}",
        ["/users/{id}/{change:regex(^(enable|disable)$)}"] = "PATCH /api/users/{id}",
        ["/users/{id}/password"] = "PATCH /api/users/{id}",
        ["/users/{id}/sign-out"] = "POST /api/users/{id}/sign-out",
        ["/users/{id}/delete"] = "DELETE /api/users/{id}",
        ["/keys/add"] = "POST /api/keys",
        ["/keys/{id}/delete"] = "DELETE /api/keys/{id}",
        ["/account/password"] = "POST /api/account/password",
        ["/account/sign-out"] = "POST /api/account/sign-out",
    };

    /// <summary>Posts that are no button of the console's, or that need no operation; each for a reason.</summary>
    private static readonly Dictionary<string, string> NoActions = new(StringComparer.Ordinal)
    {
        ["/sign-in"] = "A program sends its key with each request and has no session to begin.",
        ["/sign-in/first"] = "The first administrator is made by a person with the link that was printed.",
        ["/sign-out"] = "Ends the browser's own session; all sessions end by POST /api/account/sign-out.",
        ["/hangfire/stats"] = "An interface itself: what Hangfire's dashboard asks.",
    };

    /// <summary>A page, and where its content is read, or what its form is for.</summary>
    private static readonly Dictionary<string, string> Pages = new(StringComparer.Ordinal)
    {
        ["/"] = "GET /api/overview",
        ["/account"] = "GET /api/account/sessions",
        ["/audit"] = "GET /api/audit",
        ["/data"] = "GET /api/data",
        ["/data/document"] = "GET /api/data/{collection}/{key}",
        ["/data/documents"] = "POST /api/data/{collection}/query",
        ["/deliveries"] = "GET /api/endpoints",
        ["/deliveries/endpoints/{Id}"] = "GET /api/endpoints/{id}/deliveries",
        ["/deliveries/{Id}"] = "GET /api/deliveries/{id}",
        ["/events"] = "GET /api/events",
        ["/events/{Id}"] = "GET /api/events/{id}",
        ["/replays/{Id}"] = "GET /api/replays/{id}",
        ["/hangfire"] = "GET /api/jobs/overview",
        ["/hangfire/failures"] = "GET /api/jobs/failures",
        ["/hangfire/jobs"] = "GET /api/jobs",
        ["/hangfire/jobs/processing"] = "GET /api/jobs",
        ["/hangfire/jobs/succeeded"] = "GET /api/jobs",
        ["/hangfire/jobs/failed"] = "GET /api/jobs",
        ["/hangfire/jobs/deleted"] = "GET /api/jobs",
        ["/hangfire/jobs/awaiting"] = "GET /api/jobs",
        ["/hangfire/jobs/scheduled"] = "GET /api/jobs/scheduled",
        ["/hangfire/jobs/enqueued"] = "GET /api/jobs/queues",
        ["/hangfire/jobs/enqueued/{Queue}"] = "GET /api/jobs/queues/{queue}",
        ["/hangfire/jobs/enqueued/fetched/{Queue}"] = "GET /api/jobs/queues/{queue}",
        ["/hangfire/jobs/details/{Id:long}"] = "GET /api/jobs/{id:long}",
        ["/hangfire/matching/{Kind}"] = "GET /api/jobs",
        ["/hangfire/recurring"] = "GET /api/jobs/recurring",
        ["/hangfire/retries"] = "GET /api/jobs/retries",
        ["/hangfire/servers"] = "GET /api/jobs/servers",
        ["/inbox"] = "GET /api/inbox",
        ["/instances"] = "GET /api/instances",
        ["/instances/{Id}"] = "GET /api/instances/{id}",
        ["/mappings"] = "GET /api/mappings",
        ["/mappings/edit"] = "PUT /api/mappings",
        ["/mappings/new"] = "PUT /api/mappings",
        ["/mappings/history"] = "GET /api/mappings/history",
        ["/mappings/history/{Version:long}"] = "GET /api/mappings/history/{version:long}",
        ["/mappings/preview"] = "POST /api/sources/{source}/preview",
        ["/notifications"] = "GET /api/notifications",
        ["/notifications/channels"] = "GET /api/channels",
        ["/search"] = "GET /api/search",
        ["/secrets"] = "GET /api/secrets",
        ["/settings"] = "GET /api/settings",
        ["/sources"] = "GET /api/sources",
        ["/sources/new"] = "PUT /api/sources/{slug}",
        ["/sources/{Slug}"] = "GET /api/sources/{slug}",
        ["/sources/{Slug}/edit"] = "PUT /api/sources/{slug}",
        ["/users"] = "GET /api/users",
    };

    /// <summary>Pages that show nothing of their own.</summary>
    private static readonly string[] NoPages = ["/not-found", "/sign-in"];

    /// <summary>Pages that show less to those who may less than their operation asks for.</summary>
    private static readonly string[] PagesForMore = ["/deliveries", "/notifications/channels"];

    [Fact]
    public async Task Every_button_and_every_page_of_the_console_has_its_operation_for_the_same_role()
    {
        await using var server = await ServerHere.StartAsync();
        var routes = ((IEndpointRouteBuilder)server.App).DataSources.SelectMany(d => d.Endpoints).OfType<RouteEndpoint>().ToList();
        var api = routes.SelectMany(r => Methods(r).Select(m => (Name: $"{m} {Path(r)}", Route: r))).Where(r => r.Name.Contains(" /api/", StringComparison.Ordinal))
            .ToDictionary(r => r.Name, r => r.Route, StringComparer.Ordinal);
        var actions = routes.Where(r => Methods(r).Contains("POST") && !IsInterface(Path(r)) && r.Metadata.GetMetadata<ComponentTypeMetadata>() is null).ToList();
        var pages = routes.Where(r => r.Metadata.GetMetadata<ComponentTypeMetadata>() is not null).ToList();

        var wrong = new List<string>();
        foreach (var action in actions.Where(a => !NoActions.ContainsKey(Path(a))))
            Compare(wrong, api, action, OfListOfJobs(Path(action)) ?? Actions.GetValueOrDefault(Path(action)), allowsMore: false);
        foreach (var page in pages.Where(p => !NoPages.Contains(Path(p), StringComparer.Ordinal)))
            Compare(wrong, api, page, Pages.GetValueOrDefault(Path(page)), PagesForMore.Contains(Path(page), StringComparer.Ordinal));
        var there = actions.Concat(pages).Select(Path).ToHashSet(StringComparer.Ordinal);
        wrong.AddRange(Actions.Keys.Concat(NoActions.Keys).Concat(Pages.Keys).Concat(NoPages).Where(p => !there.Contains(p)).Select(p => p + " is in this test's lists, but is no route any more."));

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(actions.Count > 50 && pages.Count > 45, $"Only {actions.Count} actions and {pages.Count} pages were found; the route table was not read.");
    }

    private static void Compare(List<string> wrong, Dictionary<string, RouteEndpoint> api, RouteEndpoint console, string? operation, bool allowsMore)
    {
        if (operation is null)
            wrong.Add($"{Path(console)} has no operation of the API.");
        else if (!api.TryGetValue(operation, out var found))
            wrong.Add($"{Path(console)} is to be done by {operation}, which there is not.");
        else if (found.LeastRole() != console.LeastRole() && !(allowsMore && found.LeastRole() > console.LeastRole()))
            wrong.Add($"{Path(console)} takes {console.LeastRole()}, but {operation} takes {found.LeastRole()}.");
    }

    // The job lists have one route for each list and each of its moves.
    private static string? OfListOfJobs(string path) =>
        path.Split('/') switch
        {
            ["", "hangfire", "jobs", .., "requeue" or "enqueue"] => "POST /api/jobs/{id:long}/requeue",
            ["", "hangfire", "jobs", .., "delete"] => "POST /api/jobs/{id:long}/delete",
            _ => null,
        };

    private static bool IsInterface(string path) =>
        new[] { "/api/", "/elsa/", "/webhooks", "/_framework" }.Any(p => path.StartsWith(p, StringComparison.Ordinal));

    private static IReadOnlyList<string> Methods(RouteEndpoint route) => route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    private static string Path(RouteEndpoint route) => "/" + route.RoutePattern.RawText?.Trim('/');
}
