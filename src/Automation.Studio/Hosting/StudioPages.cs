using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Hosting;

/// <summary>The pages that hold the Studio's elements. One document serves all; the script shows what the address asks for.</summary>
internal static class StudioPages
{
    // The Studio compiles WebAssembly, runs Monaco's workers from blobs and keeps a socket open; all of it comes from here.
    // Two of its components bring an inline script each (hotkeys of the editor and of the list of instances); after an upgrade of
    // the package the browser's console names the new hashes.
    private const string Policy =
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'sha256-snlP1jz0gjwc5cTz9ErZcliXuCK63+Mmf68RRCeptgc=' " +
        "'sha256-vu6sQrKXQHR4Yn3FMMihA/9TxxfIXnCxKwvLrTPJ5ts='; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
        "font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; " +
        "form-action 'self'; frame-ancestors 'none'";

    public static void MapTo(IEndpointRouteBuilder app)
    {
        app = app.MapGroup("").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        app.MapGet("/studio", () => TypedResults.Redirect("/studio/workflows")).ExcludeFromDescription();
        foreach (var route in (ReadOnlySpan<string>)["/studio/workflows", "/studio/workflows/{definitionId}", "/studio/instances", "/studio/instances/{instanceId}"])
            app.MapGet(route, Show).ExcludeFromDescription();

        // Where the Studio's own links lead: root-absolute in the viewer, below the mount when the editor navigates.
        foreach (var mount in (ReadOnlySpan<string>)["", "/studio"])
        {
            app.MapGet(mount + "/workflows/definitions/{definitionId}/edit", (string definitionId) => To("workflows", definitionId)).ExcludeFromDescription();
            app.MapGet(mount + "/workflows/instances/{instanceId}/view", (string instanceId) => To("instances", instanceId)).ExcludeFromDescription();
        }

        // The viewer's link to logs of an instance: here they are the console's page of the instance.
        app.MapGet("/diagnostics/structured-logs", (string? workflowInstanceId) =>
            TypedResults.Redirect(string.IsNullOrEmpty(workflowInstanceId) ? "/instances" : $"/instances/{Uri.EscapeDataString(workflowInstanceId)}")).ExcludeFromDescription();
    }

    private static IResult Show(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        return new RazorComponentResult<StudioDocument>();
    }

    private static RedirectHttpResult To(string place, string id) => TypedResults.Redirect($"/studio/{place}/{Uri.EscapeDataString(id)}");
}
