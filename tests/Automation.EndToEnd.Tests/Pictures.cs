using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// Pictures of pages for people to look at, below <c>artifacts</c>. No test reads them and they cost more computing than the
/// pages themselves, so they are taken only where <c>AUTOMATION_TEST_PICTURES</c> is 1.
/// </summary>
internal static class Pictures
{
    private static readonly bool Wanted = Environment.GetEnvironmentVariable("AUTOMATION_TEST_PICTURES") == "1";

    /// <summary>Keeps one as <c>artifacts/FOLDER/NAME.png</c>.</summary>
    public static async Task TakeAsync(IPage page, string folder, string name)
    {
        if (Wanted)
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(ServerUnderTest.RepositoryRoot, "artifacts", folder, name + ".png") });
    }
}
