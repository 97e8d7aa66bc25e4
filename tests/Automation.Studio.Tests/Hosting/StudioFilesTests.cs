using System.Net;
using Automation.Studio.Tests.Support;

namespace Automation.Studio.Tests.Hosting;

public sealed class StudioFilesTests : IAsyncLifetime
{
    private readonly DirectoryInfo _package = Directory.CreateTempSubdirectory("package-");
    private StudioServer _server = null!;
    private HttpClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        Write("_framework/blazor.webassembly.js", "start()");
        Write("_framework/Core.abcdefghij.wasm", "plain");
        Write("_framework/Core.abcdefghij.wasm.br", "brotli");
        Write("_framework/Core.abcdefghij.wasm.gz", "gzip");
        Write("_framework/icudt.oh1zvcfom8.dat", "data");
        Write("_content/lib/site.css", "a{}");
        Write("index.html", "sample");
        await File.WriteAllTextAsync(Path.Combine(_package.Parent!.FullName, _package.Name + ".secret"), "secret");
        _server = new StudioServer { Package = _package.FullName };
        await _server.InitializeAsync();
        _browser = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None }) { BaseAddress = _server.Address };
    }

    [Theory]
    [InlineData("br, gzip", "br", "brotli")]
    [InlineData("gzip", "gzip", "gzip")]
    [InlineData("identity", null, "plain")]
    public async Task A_compressed_copy_is_sent_under_the_type_of_its_original(string accepted, string? encoding, string content)
    {
        using var response = await GetAsync("/studio/_framework/Core.abcdefghij.wasm", ("Accept-Encoding", accepted));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/wasm", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
        Assert.Equal(content, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("_framework/Core.abcdefghij.wasm", "public, max-age=31536000, immutable")]
    [InlineData("_framework/icudt.oh1zvcfom8.dat", "public, max-age=31536000, immutable")]
    [InlineData("_framework/blazor.webassembly.js", "no-cache")]
    [InlineData("_content/lib/site.css", "public, max-age=86400")]
    public async Task Files_are_kept_as_long_as_their_names_allow(string file, string caching)
    {
        using var response = await GetAsync("/studio/" + file);

        Assert.Equal(caching, response.Headers.GetValues("Cache-Control").Single());
    }

    [Fact]
    public async Task A_file_that_the_browser_has_is_not_sent_again()
    {
        using var first = await GetAsync("/studio/_framework/blazor.webassembly.js");
        using var second = await GetAsync("/studio/_framework/blazor.webassembly.js", ("If-None-Match", first.Headers.ETag!.ToString()));

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Theory]
    [InlineData("/studio/_framework/nothing.js")]
    [InlineData("/studio/index.html")]
    [InlineData("/studio/..%2F{0}.secret")]
    [InlineData("/studio/_framework/..%2F..%2F..%2F{0}.secret")]
    public async Task Only_files_of_the_package_are_served(string path)
    {
        using var response = await GetAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, path, _package.Name));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task The_page_forbids_scripts_from_elsewhere_and_wants_its_own_folder_as_base()
    {
        using var response = await _server.Client.GetAsync(new Uri("/studio/workflows/some-id", UriKind.Relative), TestContext.Current.CancellationToken);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        var policy = response.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("'wasm-unsafe-eval'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("script-src 'self' 'unsafe-inline'", policy, StringComparison.Ordinal);
        Assert.Contains("<base href=\"/studio/\"", page, StringComparison.Ordinal);
        Assert.Contains("Starting Elsa Studio", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http://", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/workflows/definitions/my%20flow/edit", "/studio/workflows/my%20flow")]
    [InlineData("/studio/workflows/definitions/a/edit", "/studio/workflows/a")]
    [InlineData("/workflows/instances/42/view", "/studio/instances/42")]
    [InlineData("/studio", "/studio/workflows")]
    public async Task Links_of_the_Studio_lead_to_our_pages(string link, string page)
    {
        using var response = await _server.Client.GetAsync(new Uri(link, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal(page, response.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Without_the_package_the_page_says_how_to_get_it()
    {
        await using var bare = new StudioServer();
        await bare.InitializeAsync();

        var page = await bare.Client.GetStringAsync(new Uri("/studio/workflows", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("npm ci --prefix src/Automation.Host/browser", page, StringComparison.Ordinal);
        Assert.DoesNotContain("blazor.webassembly.js", page, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _server.DisposeAsync();
        File.Delete(Path.Combine(_package.Parent!.FullName, _package.Name + ".secret"));
        _package.Delete(recursive: true);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await _browser.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private void Write(string name, string content)
    {
        var path = Path.Combine(_package.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
