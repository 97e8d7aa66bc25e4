using System.Text.Json;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Studio;

/// <summary>Counts what a page brings over the wire, as the browser itself counts it, until the page is closed.</summary>
internal sealed class Traffic
{
    private readonly ICDPSession _session;
    private int _requests;
    private long _bytes;

    private Traffic(ICDPSession session)
    {
        _session = session;
        session.Event("Network.requestWillBeSent").OnEvent += OnRequest;
        session.Event("Network.loadingFinished").OnEvent += OnFinished;
    }

    /// <summary>Requests over HTTP, those that the browser's cache answers among them.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Bytes from the server: heads and bodies, compressed as they came.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public static async Task<Traffic> WatchAsync(IPage page)
    {
        var traffic = new Traffic(await page.Context.NewCDPSessionAsync(page));
        await traffic._session.SendAsync("Network.enable");
        return traffic;
    }

    private void OnRequest(object? sender, JsonElement? message)
    {
        if (message!.Value.GetProperty("request").GetProperty("url").GetString()!.StartsWith("http", StringComparison.Ordinal))
            Interlocked.Increment(ref _requests);
    }

    private void OnFinished(object? sender, JsonElement? message) =>
        Interlocked.Add(ref _bytes, (long)message!.Value.GetProperty("encodedDataLength").GetDouble());
}
