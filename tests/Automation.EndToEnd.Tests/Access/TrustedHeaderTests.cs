using System.Net;
using System.Net.Http.Json;

namespace Automation.EndToEnd.Tests.Access;

/// <summary>Signing in behind a reverse proxy that has done it already.</summary>
public sealed class TrustedHeaderTests
{
    private const string Header = "X-Forwarded-User";
    private const string Password = "correct horse battery staple";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whom_the_proxy_names_is_signed_in_with_the_role_that_they_have_here()
    {
        await using var server = await ServerUnderTest.StartAsync(("Automation__Access__TrustedUserHeader", Header), ("Automation__Access__TrustedProxies__0", "127.0.0.0/8"));
        await CreateAsync(server, "ada", "viewer");
        await CreateAsync(server, "bob", "administrator");
        using var browser = new ConsoleVisitor(server.Address);

        Assert.Equal("/audit", await EnterAsync(browser, "ADA", "/audit"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(browser, "/audit", "ada"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, "/events", "ada"));

        // Another person at the same browser does not go on as the one before.
        Assert.Equal(HttpStatusCode.Redirect, await StatusAsync(browser, "/events", "bob"));
        Assert.Equal("/audit", await EnterAsync(browser, "bob", "/audit"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, "/audit", "bob"));

        // Nobody comes in who has no account here, and nobody is led elsewhere.
        using var stranger = new ConsoleVisitor(server.Address);
        Assert.Equal("200", await EnterAsync(stranger, "mallory", "/events"));
        Assert.Equal("/", await EnterAsync(stranger, "ada", "//evil.example"));
        // The header signs in people at the sign-in page; it opens no interface by itself.
        using var script = new ConsoleVisitor(server.Address);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(script, "/api/events", "bob"));
    }

    [Fact]
    public async Task The_header_means_nothing_unless_it_is_switched_on_and_comes_from_the_proxy()
    {
        await using (var off = await ServerUnderTest.StartAsync())
        {
            await CreateAsync(off, "ada", "administrator");
            using var browser = new ConsoleVisitor(off.Address);
            Assert.Equal("200", await EnterAsync(browser, "ada", "/events"));
        }

        await using var elsewhere = await ServerUnderTest.StartAsync(("Automation__Access__TrustedUserHeader", Header), ("Automation__Access__TrustedProxies__0", "10.1.2.3"));
        await CreateAsync(elsewhere, "ada", "administrator");
        using var visitor = new ConsoleVisitor(elsewhere.Address);
        Assert.Equal("200", await EnterAsync(visitor, "ada", "/events"));
    }

    [Fact]
    public async Task A_header_that_anybody_could_send_is_refused_at_the_start()
    {
        var without = await Assert.ThrowsAsync<InvalidOperationException>(() => ServerUnderTest.StartAsync(("Automation__Access__TrustedUserHeader", Header)));
        Assert.Contains("TrustedProxies", without.Message, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            ServerUnderTest.StartAsync(("Automation__Access__TrustedUserHeader", Header), ("Automation__Access__TrustedProxies__0", "the proxy")));
        Assert.Contains("the proxy", wrong.Message, StringComparison.Ordinal);
    }

    private static async Task CreateAsync(ServerUnderTest server, string name, string role)
    {
        using var answer = await server.Api.PostAsJsonAsync("/api/users", new { name, role, password = Password }, Token);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    private static async Task<string> EnterAsync(ConsoleVisitor visitor, string name, string returnUrl)
    {
        using var answer = await SendAsync(visitor, "/sign-in?returnUrl=" + Uri.EscapeDataString(returnUrl), name);
        return answer.Headers.Location?.ToString() ?? ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task<HttpStatusCode> StatusAsync(ConsoleVisitor visitor, string path, string name)
    {
        using var answer = await SendAsync(visitor, path, name);
        return answer.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(ConsoleVisitor visitor, string path, string name)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Add(Header, name);
        return await visitor.SendAsync(request);
    }
}
