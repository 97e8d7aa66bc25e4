using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace Automation.EndToEnd.Tests.Studio;

/// <summary>A real Chromium that is signed in to a server.</summary>
internal sealed class StudioBrowser : IAsyncDisposable
{
    private readonly ServerUnderTest _server;
    private Browsers.Borrowed _borrowed = null!;

    private StudioBrowser(ServerUnderTest server) => _server = server;

    public IPage Page { get; private set; } = null!;

    /// <summary>What the console of the browser said was wrong, and addresses outside of the server.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    public ILocator Editor => Page.Locator("elsa-workflow-definition-editor");

    public static async Task<StudioBrowser> OpenAsync(ServerUnderTest server)
    {
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(ServerUnderTest.RepositoryRoot, "src/Automation.Host/browser/node_modules/@elsa-workflows/elsa-studio-wasm")),
            "Elsa Studio has not been fetched: npm ci --prefix src/Automation.Host/browser");
        var browser = new StudioBrowser(server) { _borrowed = await Browsers.BorrowAsync() };
        var context = await browser._borrowed.OpenAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } });
        browser.Page = await browser.WatchAsync(context);
        return browser;
    }

    /// <summary>One more tab, signed in as the first is.</summary>
    public Task<IPage> OpenTabAsync() => WatchAsync(Page.Context);

    /// <summary>A tab of a browser that has never been here, signed in.</summary>
    public async Task<IPage> OpenStrangerAsync(string page)
    {
        var stranger = await WatchAsync(await _borrowed.OpenAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } }));
        await SignInAsync(stranger, page);
        return stranger;
    }

    /// <summary>A tab of a browser of its own, signed in as a user.</summary>
    public async Task<IPage> OpenAsUserAsync(string name, string password, string page)
    {
        var tab = await WatchAsync(await _borrowed.OpenAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 1280, Height = 800 } }));
        await tab.GotoAsync(_server.Address + "/sign-in?returnUrl=" + Uri.EscapeDataString(page));
        await tab.FillAsync("input[name=name]", name);
        await tab.FillAsync("input[name=password]", password);
        await tab.Locator("form:has(input[name=password]) button[type=submit]").ClickAsync();
        return tab;
    }

    private async Task<IPage> WatchAsync(IBrowserContext context)
    {
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
                Errors.Enqueue(message.Text);
        };
        page.PageError += (_, error) => Errors.Enqueue(error);
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(_server.Address, StringComparison.Ordinal) && request.Url.StartsWith("http", StringComparison.Ordinal))
                Errors.Enqueue("asked elsewhere: " + request.Url);
        };
        return page;
    }

    public Task SignInAsync(string page) => SignInAsync(Page, page);

    private async Task SignInAsync(IPage tab, string page)
    {
        await tab.GotoAsync(_server.Address + "/sign-in?returnUrl=" + Uri.EscapeDataString(page));
        await tab.FillAsync("input[name=key]", ServerUnderTest.AdminKey);
        await tab.ClickAsync("button[type=submit]");
    }

    public Task ShotAsync(string name, IPage? tab = null) => Pictures.TakeAsync(tab ?? Page, "studio", name);

    /// <summary>The row of a list whose text has this in it.</summary>
    public ILocator Row(string text) => Page.Locator("#studio tbody tr", new PageLocatorOptions { HasText = text });

    /// <summary>Picks from the menu that a button opens.</summary>
    public async Task PickAsync(ILocator button, string item)
    {
        await button.ClickAsync();
        await Page.Locator(".mud-popover-open").GetByText(item, new LocatorGetByTextOptions { Exact = true }).ClickAsync();
    }

    /// <summary>Picks from the menu of a row.</summary>
    public Task PickAsync(string row, string item) => PickAsync(Row(row).Locator("button").Last, item);

    /// <summary>Presses the last button of the dialog, which is the one that goes on.</summary>
    public async Task ConfirmAsync()
    {
        // Not by the mouse: leaving a field lays the dialog out anew, and the button is elsewhere by the time it is pressed.
        await Page.Locator(".mud-dialog button").Last.EvaluateAsync("button => button.click()");
        await Assertions.Expect(Page.Locator(".mud-dialog")).ToHaveCountAsync(0);
    }

    /// <summary>A button of the editor's toolbar.</summary>
    public ILocator Tool(string path) => Editor.Locator($"button:visible:has(path[d^=\"{path}\"])").First;

    /// <summary>Opens a tab of a panel, scrolled into sight or not.</summary>
    public Task TabAsync(string name) =>
        Page.Locator("#studio .mud-tab", new PageLocatorOptions { HasTextRegex = new($"^\\s*{System.Text.RegularExpressions.Regex.Escape(name)}\\s*$", System.Text.RegularExpressions.RegexOptions.IgnoreCase) })
            .First.EvaluateAsync("tab => tab.click()");

    /// <summary>Drags an activity from the picker onto the canvas.</summary>
    public async Task DropAsync(string activity, int x, int y)
    {
        var nodes = Page.Locator(".x6-node");
        var before = await nodes.CountAsync();
        await Editor.GetByPlaceholder("Search").FillAsync(activity);
        var item = Page.Locator("[draggable=true]", new PageLocatorOptions { HasTextRegex = new($@"^\s*{System.Text.RegularExpressions.Regex.Escape(activity)}\s*$") }).First;
        await item.WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        // Only what was found is listed now; its group may be closed.
        await Assertions.Expect(Page.Locator(".mud-expand-panel")).ToHaveCountAsync(1);
        if (!await item.IsVisibleAsync())
            await Page.Locator(".mud-expand-panel-header").First.ClickAsync();
        await item.WaitForAsync();
        await item.DragToAsync(Page.Locator(".x6-graph-svg").First, new LocatorDragToOptions { TargetPosition = new TargetPosition { X = x, Y = y } });
        await Assertions.Expect(nodes).ToHaveCountAsync(before + 1);
    }

    /// <summary>Draws a connection with the mouse.</summary>
    public async Task ConnectAsync(string from, string port, string to)
    {
        var edges = Page.Locator(".x6-edge");
        var before = await edges.CountAsync();
        var a = (await Port(from, port).BoundingBoxAsync())!;
        var b = (await Port(to, "In").BoundingBoxAsync())!;
        await Page.Mouse.MoveAsync(a.X + a.Width / 2, a.Y + a.Height / 2);
        await Page.Mouse.DownAsync();
        await Page.Mouse.MoveAsync(b.X, b.Y, new MouseMoveOptions { Steps = 12 });
        await Page.Mouse.MoveAsync(b.X + b.Width / 2, b.Y + b.Height / 2, new MouseMoveOptions { Steps = 3 });
        await Page.Mouse.UpAsync();
        await Assertions.Expect(edges).ToHaveCountAsync(before + 1);

        ILocator Port(string node, string name) => Page.Locator(".x6-node", new PageLocatorOptions { HasText = node }).Locator($".x6-port-body[port=\"{name}\"] .elsa-designer-port-hit-area");
    }

    /// <summary>Selects a node and waits until its properties are shown.</summary>
    public async Task SelectAsync(string node, string property)
    {
        await Page.Locator(".x6-node", new PageLocatorOptions { HasText = node }).ClickAsync(new LocatorClickOptions { Position = new Position { X = 60, Y = 20 } });
        await Field(property).WaitForAsync();
    }

    public ILocator Field(string label) =>
        Editor.Locator(".mud-input-control", new LocatorLocatorOptions { HasText = label }).Locator("input:visible, textarea:visible").First;

    /// <summary>Chooses from the list that the server gives for a property of the selected node.</summary>
    public async Task ChooseAsync(string property, string choice)
    {
        // Its name stands in the box while nothing is chosen; it lets the click through to what opens the list.
        await Editor.GetByText(property, new LocatorGetByTextOptions { Exact = true }).Locator("visible=true").First.ClickAsync(new LocatorClickOptions { Force = true });
        await Page.Locator(".mud-popover-open").GetByRole(AriaRole.Option, new LocatorGetByRoleOptions { Name = choice, Exact = true }).ClickAsync();
    }

    /// <summary>Writes an expression of another syntax into the property of the selected node.</summary>
    public async Task WriteAsync(string property, string syntax, string expression)
    {
        var field = (await Field(property).BoundingBoxAsync())!;
        // The menu of syntaxes stands to the right of the field.
        var menus = Editor.Locator("button.mud-icon-button:visible");
        for (var i = 0; i < await menus.CountAsync(); i++)
        {
            var box = (await menus.Nth(i).BoundingBoxAsync())!;
            if (box.X < field.X + field.Width || box.X > field.X + field.Width + 120 || Math.Abs(box.Y + box.Height / 2 - field.Y - field.Height / 2) > 25)
                continue;
            await menus.Nth(i).ClickAsync();
            break;
        }

        await Page.Locator(".mud-popover-open").GetByText(syntax, new LocatorGetByTextOptions { Exact = true }).ClickAsync();
        await Editor.Locator(".monaco-editor:visible").First.ClickAsync();
        await Page.Keyboard.PressAsync("Control+A");
        // At once, so that the editor's suggestions and closing brackets do not mix in.
        await Page.Keyboard.InsertTextAsync(expression);
    }

    public ValueTask DisposeAsync() => _borrowed.DisposeAsync();
}
