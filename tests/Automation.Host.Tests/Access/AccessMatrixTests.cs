using System.Text;
using System.Text.RegularExpressions;
using Automation.Dashboard.Access;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Host.Tests.Access;

/// <summary>
/// Every route and hub of the real route table, asked by everybody: nobody, and each role. A new route that says neither who
/// may call it nor that everybody may fails here.
/// </summary>
public sealed partial class AccessMatrixTests
{
    /// <summary>What needs no sign-in. Adding to this list is a decision about security.</summary>
    private static readonly string[] Open =
    [
        "/healthz/", "/sign-in", "/sign-out", "/favicon.ico", "/lib/", "/_content/", "/_framework/", "/studio/{**path}", "/elsa/api/identity/login", "/elsa/api/identity/refresh-token", "/elsa/api/package/version",
    ];

    [Fact]
    public async Task Every_route_answers_every_role_as_decided()
    {
        var token = TestContext.Current.CancellationToken;
        await using var server = await ServerHere.StartAsync();
        var app = server.App;
        var clients = new List<(string Name, Role? Role, HttpClient Client)> { ("nobody", null, server.Client(null)) };
        foreach (var role in Enum.GetValues<Role>())
        {
            var (_, secret) = await app.Services.GetRequiredService<ApiKeys>().CreateAsync(role.Text(), role, [], null, null, token);
            clients.Add((role.Text(), role, server.Client(secret)));
        }

        var (_, scoped) = await app.Services.GetRequiredService<ApiKeys>().CreateAsync("scoped", Role.Administrator, ["overview:read"], null, null, token);
        using var elsewhere = server.Client(scoped);

        var wrong = new List<string>();
        var asked = 0;
        foreach (var endpoint in Endpoints(app))
        {
            var pattern = endpoint.RoutePattern.RawText ?? "";
            var isOpen = endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;
            if (isOpen)
            {
                if (!Array.Exists(Open, o => Rooted(pattern).StartsWith(o, StringComparison.Ordinal)))
                    wrong.Add($"{pattern} is open to everybody, but not on this test's list of what may be.");
                continue;
            }

            // The framework's own, which nobody here can mark and nothing here uses: administrators only, as all that is not decided.
            if (pattern is "{**path:file}" or "/_framework/opaque-redirect")
                continue;
            if (endpoint.LeastRole() is not { } least)
            {
                wrong.Add($"{pattern} says neither which role it takes nor that everybody may call it.");
                continue;
            }

            foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? methods : ["GET", "POST"])
            {
                foreach (var (name, role, client) in clients)
                {
                    var status = await AskAsync(client, method, PathOf(pattern), token);
                    asked++;
                    var isRight = role is null ? status is 401 || (status == 302 && !IsApi(pattern)) : role < least ? status == 403 : status is not (401 or 403);
                    if (!isRight)
                        wrong.Add($"{method} {pattern} is for {least.Text()}, but answered {status} to {name}.");
                }

                if (await AskAsync(elsewhere, method, PathOf(pattern), token) is var other && other != 403 && !pattern.Contains("overview", StringComparison.Ordinal))
                    wrong.Add($"{method} {pattern} answered {other} to a key whose scopes do not cover it.");
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(asked > 500, $"Only {asked} requests were made; the route table was not read.");
        clients.ForEach(c => c.Client.Dispose());
    }

    private static IEnumerable<RouteEndpoint> Endpoints(WebApplication app) =>
        ((IEndpointRouteBuilder)app).DataSources.SelectMany(d => d.Endpoints).OfType<RouteEndpoint>();

    private static async Task<int> AskAsync(HttpClient client, string method, string path, CancellationToken token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        if (method is not ("GET" or "HEAD" or "DELETE"))
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        // Streams begin and do not end; their status is what counts.
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token);
        return (int)answer.StatusCode;
    }

    /// <summary>An address that the pattern matches and that names nothing there is.</summary>
    private static string PathOf(string pattern) => Rooted(Parameter().Replace(pattern, m => m.Value switch
    {
        ['{', '*', ..] => "x",
        var p when p.Contains(":regex", StringComparison.Ordinal) => Alternative().Match(p).Groups[1].Value,
        var p when p.Contains(":long", StringComparison.Ordinal) || p.Contains(":int", StringComparison.Ordinal) => "987654321",
        _ => "x",
    }));

    private static string Rooted(string pattern) => pattern.StartsWith('/') ? pattern : "/" + pattern;

    private static bool IsApi(string pattern) => pattern.StartsWith("/api", StringComparison.Ordinal) || pattern.StartsWith("/elsa", StringComparison.Ordinal);

    [GeneratedRegex(@"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", RegexOptions.None, 1000)]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\(\^?\(?([a-z-]+)", RegexOptions.None, 1000)]
    private static partial Regex Alternative();
}
