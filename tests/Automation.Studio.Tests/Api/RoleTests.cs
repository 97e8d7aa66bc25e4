using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Automation.Storage.Access;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Api;

/// <summary>Every route of the API is held to a role, and no route has been forgotten.</summary>
public sealed partial class RoleTests(StudioServer server) : IClassFixture<StudioServer>
{
    private static readonly string[] Roles = ["viewer", "operator", "designer", "administrator"];

    // Everything else is for whoever may look.
    private static readonly string[] Running =
    [
        "DELETE /workflow-instances/{id}", "GET /alterations/{planId}", "GET /workflow-definitions/{definitionId}/execute", "POST /alterations/dry-run", "POST /alterations/run",
        "POST /alterations/submit", "POST /alterations/workflows/retry", "POST /bulk-actions/cancel/workflow-instances", "POST /bulk-actions/delete/workflow-instances/by-id",
        "POST /cancel/workflow-instances/{id}", "POST /events/{eventName}/trigger", "POST /tasks/{taskId}/complete", "POST /tests/activities",
        "POST /workflow-definitions/{definitionId}/bulk-dispatch", "POST /workflow-definitions/{definitionId}/dispatch", "POST /workflow-definitions/{definitionId}/execute",
        "POST /workflow-instances/{id}/variables", "GET /bookmarks/resume", "POST /bookmarks/resume",
    ];

    private static readonly string[] Designing =
    [
        "DELETE /labels/{id}", "DELETE /secrets/{name}", "DELETE /workflow-definition-versions/{versionId}", "DELETE /workflow-definitions/{definitionId}",
        "DELETE /workflow-definitions/{definitionId}/version/{version:int}", "GET /secrets", "GET /secrets/descriptors", "GET /secrets/picker", "GET /secrets/{name}",
        "POST /actions/workflow-definitions/refresh", "POST /actions/workflow-definitions/reload", "POST /bulk-actions/delete/workflow-definitions/by-definition-id",
        "POST /bulk-actions/delete/workflow-definitions/by-id", "POST /bulk-actions/import/workflow-instances", "POST /bulk-actions/publish/workflow-definitions/by-definition-ids",
        "POST /bulk-actions/retract/workflow-definitions/by-definition-ids", "POST /labels", "POST /labels/{id}", "POST /secrets", "POST /secrets/{name}", "POST /secrets/{name}/revoke",
        "POST /secrets/{name}/rotate", "POST /secrets/{name}/test", "POST /workflow-definitions", "POST /workflow-definitions/import", "POST /workflow-definitions/import-files",
        "POST /workflow-definitions/{definitionId}/import", "POST /workflow-definitions/{definitionId}/labels", "POST /workflow-definitions/{definitionId}/publish",
        "POST /workflow-definitions/{definitionId}/retract", "POST /workflow-definitions/{definitionId}/revert/{version:int}", "POST /workflow-definitions/{definitionId}/update-references",
        "PUT /workflow-definitions/import", "PUT /workflow-definitions/{definitionId}/import",
    ];

    private static readonly string[] ForAnybody = ["POST /identity/login", "POST /identity/refresh-token", "GET /package/version"];

    [Fact]
    public async Task Every_route_is_refused_below_its_role_and_answered_from_it_on()
    {
        var routes = server.Routes("/elsa/api").ToList();
        // A route that is gone from the server must go from the lists as well.
        Assert.Empty(Running.Concat(Designing).Concat(ForAnybody).Except(routes.Select(r => r.Name), StringComparer.Ordinal));

        var wrong = new List<string>();
        foreach (var (name, metadata) in routes)
        {
            var least = Running.Contains(name, StringComparer.Ordinal) ? Role.Operator : Designing.Contains(name, StringComparer.Ordinal) ? Role.Designer : Role.Viewer;
            if (metadata != least)
                wrong.Add($"{name} says {metadata}, not {least}");
            var (method, path) = (name[..name.IndexOf(' ', StringComparison.Ordinal)], Parameter().Replace(name[(name.IndexOf(' ', StringComparison.Ordinal) + 1)..], "1"));
            using var nobody = new HttpClient { BaseAddress = server.Address };
            if ((await AskAsync(nobody) == 401) == ForAnybody.Contains(name, StringComparer.Ordinal))
                wrong.Add($"{name} without a key");
            foreach (var role in Roles)
            {
                using var client = server.As(role);
                if ((await AskAsync(client) == 403) != (Array.IndexOf(Roles, role) < (int)least))
                    wrong.Add($"{name} as {role}");
            }

            // An empty body: nothing is there to be changed, and what matters is who is let in.
            async Task<int> AskAsync(HttpClient client) => (await server.CallAsync(new HttpMethod(method), path, method is "GET" or "DELETE" ? null : new JsonObject(), client)).Status;
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Whoever_may_look_may_listen() =>
        Assert.All(server.Routes("/elsa/hubs"), route => Assert.Equal(Role.Viewer, route.Least));

    [GeneratedRegex(@"\{[^}]+\}", RegexOptions.None, 1000)]
    private static partial Regex Parameter();
}
