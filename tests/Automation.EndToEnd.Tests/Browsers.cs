using System.Collections.Concurrent;
using Automation.EndToEnd.Tests;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Browsers))]

namespace Automation.EndToEnd.Tests;

/// <summary>
/// Chromiums that tests borrow one after another: a start costs seconds of computing. Whoever has one has it alone, and what
/// they opened is closed when they give it back, so that nobody finds cookies, storage or a cache of somebody else.
/// </summary>
public sealed class Browsers : IAsyncDisposable
{
    private const string Chromium = "/usr/bin/chromium";

    /// <summary>How long is waited for anything of a page, in milliseconds.</summary>
    private const float Patience = 60_000;

    private static readonly ConcurrentBag<Borrowed> Free = [];
    private static bool _closed;

    /// <summary>One that nobody else has; skips the calling test where Chromium is not installed.</summary>
    public static async Task<Borrowed> BorrowAsync()
    {
        Assert.SkipUnless(File.Exists(Chromium), $"Chromium is not installed at {Chromium} (apt-get install chromium).");
        while (Free.TryTake(out var free))
        {
            if (free.IsAlive)
                return free;
            await free.EndAsync();
        }

        // Starting the Studio takes seconds of computing; a busy machine takes several times that.
        Assertions.SetDefaultExpectTimeout(Patience);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
        });
        return new Borrowed(playwright, browser);
    }

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _closed, true);
        while (Free.TryTake(out var free))
            await free.EndAsync();
    }

    /// <summary>A browser; disposing it gives it back.</summary>
    public sealed class Borrowed(IPlaywright playwright, IBrowser browser) : IAsyncDisposable
    {
        internal bool IsAlive => browser.IsConnected;

        /// <summary>Opens what is as good as a browser of its own.</summary>
        public async Task<IBrowserContext> OpenAsync(BrowserNewContextOptions options)
        {
            var context = await browser.NewContextAsync(options);
            context.SetDefaultTimeout(Patience);
            return context;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var context in browser.Contexts.ToArray())
                await context.CloseAsync();
            if (Volatile.Read(ref _closed))
                await EndAsync();
            else
                Free.Add(this);
        }

        internal async Task EndAsync()
        {
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }
}
