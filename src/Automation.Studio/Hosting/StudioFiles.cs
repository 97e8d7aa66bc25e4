using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Net.Http.Headers;

namespace Automation.Studio.Hosting;

/// <summary>
/// The files of the genuine Elsa Studio, served below <c>/studio/</c>: compressed copies as they came where the browser
/// takes them, for ever where the name tells the content, and nothing that was not there at the start.
/// </summary>
internal sealed partial class StudioFiles
{
    private const string Forever = "public, max-age=31536000, immutable";
    private const string OneDay = "public, max-age=86400";
    private const string AskAgain = "no-cache";

    private readonly FrozenDictionary<string, StudioFile> _files;

    public StudioFiles(string? directory)
    {
        IsPresent = directory is not null && File.Exists(Path.Combine(directory, "_framework", "blazor.webassembly.js"));
        _files = IsPresent ? Index(directory!) : FrozenDictionary<string, StudioFile>.Empty;
        Preloads = [.. _files.Keys.Where(IsWantedFirst).Order(StringComparer.Ordinal)];
    }

    /// <summary>Whether the package has been fetched.</summary>
    public bool IsPresent { get; }

    /// <summary>What the Studio's start waits for longest, relative to the mount.</summary>
    public IReadOnlyList<string> Preloads { get; }

    public void MapTo(IEndpointRouteBuilder app) =>
        app.MapMethods("/studio/{**path}", ["GET", "HEAD"], Serve).AllowAnonymous().ExcludeFromDescription();

    private IResult Serve(HttpContext context, string? path)
    {
        if (path is null || !_files.TryGetValue(path, out var file))
            return TypedResults.NotFound();

        var headers = context.Response.Headers;
        headers.CacheControl = file.CacheControl;
        var (served, encoding) = Choose(file, context.Request.Headers.AcceptEncoding.ToString());
        if (file.Brotli is not null || file.Gzip is not null)
            headers.Vary = HeaderNames.AcceptEncoding;
        if (encoding is not null)
            headers.ContentEncoding = encoding;
        return TypedResults.PhysicalFile(served, file.ContentType, entityTag: Tag(file, encoding), enableRangeProcessing: encoding is null);
    }

    private static (string Path, string? Encoding) Choose(StudioFile file, string accepted)
    {
        if (file.Brotli is not null && accepted.Contains("br", StringComparison.OrdinalIgnoreCase))
            return (file.Brotli, "br");
        return file.Gzip is not null && accepted.Contains("gzip", StringComparison.OrdinalIgnoreCase) ? (file.Gzip, "gzip") : (file.Path, null);
    }

    private static EntityTagHeaderValue Tag(StudioFile file, string? encoding) =>
        new(string.Create(CultureInfo.InvariantCulture, $"\"{file.Length:x}-{file.Changed:x}{(encoding is null ? "" : "-" + encoding)}\""));

    private static FrozenDictionary<string, StudioFile> Index(string directory)
    {
        var types = new FileExtensionContentTypeProvider();
        types.Mappings[".dat"] = "application/octet-stream";
        types.Mappings[".blat"] = "application/octet-stream";
        types.Mappings[".wasm"] = "application/wasm";
        types.Mappings[".map"] = "application/json";
        types.Mappings[".webmanifest"] = "application/manifest+json";
        var files = new Dictionary<string, StudioFile>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(directory, path).Replace('\\', '/');
            // The package's own page is a sample, and compressed copies are reached through their originals.
            if (!types.TryGetContentType(path, out var type) || name is "index.html" or "package.json" || path.EndsWith(".gz", StringComparison.Ordinal))
                continue;
            var info = new FileInfo(path);
            files[name] = new StudioFile(path, Sibling(path, ".br"), Sibling(path, ".gz"), type, Caching(name), info.Length, info.LastWriteTimeUtc.Ticks);
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string Caching(string name)
    {
        if (Fingerprinted().IsMatch(name))
            return Forever;
        // The entry points name the fingerprinted files, so they must be the right ones after an upgrade.
        return name.StartsWith("_framework/", StringComparison.Ordinal) || name is "appsettings.json" ? AskAgain : OneDay;
    }

    private static bool IsWantedFirst(string name) =>
        name.StartsWith("_framework/dotnet.native.", StringComparison.Ordinal) && name.EndsWith(".wasm", StringComparison.Ordinal)
        || name.StartsWith("_framework/System.Private.CoreLib.", StringComparison.Ordinal) && name.EndsWith(".wasm", StringComparison.Ordinal);

    private static string? Sibling(string path, string extension) => File.Exists(path + extension) ? path + extension : null;

    [GeneratedRegex(@"\.[a-z0-9]{10}\.(wasm|js|dat|css|bundle\.scp\.css)$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Fingerprinted();

    private sealed record StudioFile(string Path, string? Brotli, string? Gzip, string ContentType, string CacheControl, long Length, long Changed);
}
