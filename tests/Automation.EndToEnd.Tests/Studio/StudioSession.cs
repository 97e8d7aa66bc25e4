namespace Automation.EndToEnd.Tests.Studio;

/// <summary>One server and one browser for a class of tests: starting the Studio anew takes seconds of computing.</summary>
public sealed class StudioSession : IAsyncLifetime
{
    public ServerUnderTest Server { get; private set; } = null!;

    internal StudioBrowser Browser { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ServerUnderTest.StartAsync();
        Browser = await StudioBrowser.OpenAsync(Server);
        await Browser.SignInAsync("/events");
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
            await Browser.DisposeAsync();
        if (Server is not null)
            await Server.DisposeAsync();
    }
}
