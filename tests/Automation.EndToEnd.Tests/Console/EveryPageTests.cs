using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Console;

/// <summary>Every page in every size and theme, on a server where strangers have written markup into everything they could.</summary>
public sealed partial class EveryPageTests(HostileSite site) : IClassFixture<HostileSite>
{
    private static readonly ColorScheme[] Schemes = [ColorScheme.Light, ColorScheme.Dark];

    [Theory]
    [InlineData(1280, 800)]
    [InlineData(1920, 1080)]
    [InlineData(390, 844)]
    public async Task Nothing_is_wider_than_the_screen_hard_to_read_or_anything_but_text(int width, int height)
    {
        await using var browser = await ConsoleBrowser.SignedInAsync(site.Server);
        await browser.ResizeAsync(width, height, ColorScheme.Light);
        var faults = new List<string>();
        foreach (var (name, path) in site.Pages)
        {
            await browser.GoAsync(path);
            foreach (var scheme in Schemes)
            {
                await browser.ResizeAsync(width, height, scheme);
                await browser.ShotAsync($"{name}-{width}-{scheme.ToString().ToLowerInvariant()}");
            }

            // What is folded is shown to people, too.
            await browser.Page.EvaluateAsync("document.querySelectorAll('main details').forEach(d => d.open = d.closest('pre') === null)");
            foreach (var scheme in Schemes)
            {
                await browser.ResizeAsync(width, height, scheme);
                faults.AddRange(await browser.FaultsAsync($"{name} at {width} {scheme}"));
            }

            if (await browser.Page.EvaluateAsync<bool>("window.owned === 1 || document.querySelector('[data-owned]') !== null"))
                faults.Add($"{name} runs what a stranger wrote.");
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults.Distinct(StringComparer.Ordinal)));
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task The_way_in_is_in_order_too()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__AdminKey", ""));
        await server.WaitForOutputAsync(FirstLink());
        await using var browser = await ConsoleBrowser.OpenAsync(server);
        var faults = new List<string>();
        foreach (var (name, path) in new[] { ("sign-in", "/sign-in"), ("sign-in-failed", "/sign-in?failed=password"), ("first-run", "/sign-in?ticket=" + FirstLink().Match(server.Output).Groups[1].Value) })
        {
            foreach (var (width, height, scheme) in new[] { (1280, 800, ColorScheme.Light), (390, 844, ColorScheme.Dark) })
            {
                await browser.ResizeAsync(width, height, scheme);
                await browser.GoAsync(path);
                faults.AddRange(await browser.FaultsAsync($"{name} at {width} {scheme}"));
                await browser.ShotAsync($"{name}-{width}-{scheme.ToString().ToLowerInvariant()}");
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));
        Assert.Empty(browser.Errors);
    }

    [GeneratedRegex(@"/sign-in/([A-Za-z0-9_-]{32})", RegexOptions.None, 1000)]
    private static partial Regex FirstLink();
}
