using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>
/// A real Chromium on the console. It collects what the pages complain of, and asks axe what people with other abilities would
/// stumble over.
/// </summary>
internal sealed class ConsoleBrowser : IAsyncDisposable
{
    private static readonly string Modules = Path.Combine(ServerUnderTest.RepositoryRoot, "src/Automation.Host/browser/node_modules");

    private readonly ServerUnderTest _server;
    private Browsers.Borrowed _borrowed = null!;

    private ConsoleBrowser(ServerUnderTest server) => _server = server;

    public IPage Page { get; private set; } = null!;

    /// <summary>Errors of the browser's console, exceptions in scripts, and requests that went anywhere else.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    public static async Task<ConsoleBrowser> OpenAsync(ServerUnderTest server)
    {
        Assert.SkipUnless(Directory.Exists(Path.Combine(Modules, "htmx.org")), "The browser's packages have not been fetched: npm ci in src/Automation.Host/browser.");
        var browser = new ConsoleBrowser(server) { _borrowed = await Browsers.BorrowAsync() };
        var context = await browser._borrowed.OpenAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } });
        browser.Page = await context.NewPageAsync();
        browser.Page.Console += (_, message) =>
        {
            if (message.Type == "error")
                browser.Errors.Enqueue($"{browser.Page.Url}: {message.Text}");
        };
        browser.Page.PageError += (_, message) => browser.Errors.Enqueue($"{browser.Page.Url}: {message}");
        browser.Page.Request += (_, request) =>
        {
            if (request.Url.StartsWith("http", StringComparison.Ordinal) && !request.Url.StartsWith(server.Address, StringComparison.Ordinal))
                browser.Errors.Enqueue("asked elsewhere: " + request.Url);
        };
        return browser;
    }

    public static async Task<ConsoleBrowser> SignedInAsync(ServerUnderTest server)
    {
        var browser = await OpenAsync(server);
        await browser.GoAsync("/sign-in?with=key");
        await browser.Page.FillAsync("input[name=key]", ServerUnderTest.AdminKey);
        await browser.Page.ClickAsync("button[type=submit]");
        await browser.Page.WaitForURLAsync(server.Address + "/");
        return browser;
    }

    public Task GoAsync(string path) => Page.GotoAsync(_server.Address + path);

    public async Task ResizeAsync(int width, int height, ColorScheme scheme)
    {
        await Page.SetViewportSizeAsync(width, height);
        await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
    }

    public Task ShotAsync(string name) => Pictures.TakeAsync(Page, "screenshots", name);

    /// <summary>What is wrong with the page as it is now: wider than the screen, or a serious violation of WCAG 2.1 A and AA.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync(string name)
    {
        var faults = new List<string>();
        var (inner, scroll) = (await Page.EvaluateAsync<int>("innerWidth"), await Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        if (scroll > inner)
            faults.Add($"{name} is {scroll} wide on a screen of {inner}.");
        var axe = Path.Combine(Modules, "axe-core", "axe.min.js");
        if (!File.Exists(axe))
            return [.. faults, "axe-core has not been fetched: npm ci in src/Automation.Host/browser."];
        // Half a megabyte, once for each document.
        if (!await Page.EvaluateAsync<bool>("window.axe !== undefined"))
            await Page.EvaluateAsync(await File.ReadAllTextAsync(axe, TestContext.Current.CancellationToken) + "; undefined");
        var found = await Page.EvaluateAsync<string[]>(
            """
            async () => {
              const result = await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] });
              return result.violations.filter(v => v.impact === 'serious' || v.impact === 'critical')
                .map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | ')}`);
            }
            """);
        faults.AddRange(found.Select(f => $"{name}: {f}"));
        return faults;
    }

    public ValueTask DisposeAsync() => _borrowed.DisposeAsync();
}
