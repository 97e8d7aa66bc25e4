using Automation.Storage;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Automation.Dashboard.Live;

/// <summary>
/// Tells open pages that something has been committed (server-sent event <c>changed</c>, at most twice a second), so
/// that they fetch their live parts again. What changed is not told: a page that shows the same as before stays as it is.
/// </summary>
internal static class LiveEndpoint
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(500);

    // Other nodes commit too, and nothing tells this one; a silent connection would also be cut by proxies.
    private const int QuietTicks = 10;

    public static void MapLive(this IEndpointRouteBuilder app) => app.MapGet("/live", StreamAsync).WithMetadata(new LeastRoleAttribute(Role.Viewer)).ExcludeFromDescription();

    private static async Task StreamAsync(HttpContext context, Database database, TimeProvider clock, IHostApplicationLifetime lifetime)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await context.Response.WriteAsync("retry: 2000\n\n", stopping.Token);
            await context.Response.Body.FlushAsync(stopping.Token);
            using var timer = new PeriodicTimer(Pace, clock);
            var (seen, quiet) = (database.Commits, 0);
            while (await timer.WaitForNextTickAsync(stopping.Token))
            {
                var commits = database.Commits;
                if (commits == seen && ++quiet < QuietTicks)
                    continue;
                (seen, quiet) = (commits, 0);
                await context.Response.WriteAsync("event: changed\ndata:\n\n", stopping.Token);
                await context.Response.Body.FlushAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The page was closed, or the server stops.
        }
    }
}
