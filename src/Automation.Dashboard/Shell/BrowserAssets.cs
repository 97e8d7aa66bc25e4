using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Shell;

/// <summary>
/// Where the packages lie that <c>npm ci</c> brings for the browser. Without them the pages work but do not update by
/// themselves, and Elsa Studio is left out.
/// </summary>
public sealed class BrowserAssets
{
    private readonly string? _modules;

    /// <summary>Looks for the packages.</summary>
    /// <param name="candidates">Directories that may hold a <c>node_modules</c>, the likeliest first.</param>
    public BrowserAssets(params ReadOnlySpan<string> candidates)
    {
        foreach (var candidate in candidates)
        {
            var modules = Path.Combine(candidate, "node_modules");
            if (Directory.Exists(modules))
            {
                _modules = modules;
                break;
            }
        }
    }

    /// <summary>Directory of the genuine Elsa Studio, or null where it has not been fetched.</summary>
    public string? Studio => Find("@elsa-workflows/elsa-studio-wasm");

    internal bool HasHtmx => Find("htmx.org") is not null && Find("htmx-ext-sse") is not null && Find("idiomorph") is not null;

    internal bool HasCharts => Find("uplot") is not null;

    internal void MapTo(IEndpointRouteBuilder app)
    {
        Map(app, "/lib/htmx.min.js", "htmx.org/dist/htmx.min.js", "text/javascript");
        Map(app, "/lib/htmx-sse.js", "htmx-ext-sse/dist/sse.min.js", "text/javascript");
        Map(app, "/lib/idiomorph-htmx.js", "idiomorph/dist/idiomorph-ext.min.js", "text/javascript");
        Map(app, "/lib/uplot.js", "uplot/dist/uPlot.esm.js", "text/javascript");
        Map(app, "/lib/uplot.css", "uplot/dist/uPlot.min.css", "text/css");
    }

    private void Map(IEndpointRouteBuilder app, string route, string file, string contentType)
    {
        if (_modules is null || !File.Exists(Path.Combine(_modules, file)))
            return;
        var path = Path.Combine(_modules, file);
        app.MapGet(route, (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "public, max-age=86400";
            return Results.File(path, contentType, lastModified: new DateTimeOffset(File.GetLastWriteTimeUtc(path)));
        }).AllowAnonymous();
    }

    private string? Find(string package) =>
        _modules is not null && Directory.Exists(Path.Combine(_modules, package)) ? Path.Combine(_modules, package) : null;
}
