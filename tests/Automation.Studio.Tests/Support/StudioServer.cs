using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Storage;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Studio.Tests.Support;

/// <summary>The Studio's pages and API with engine, jobs and a SQLite file of its own, behind Kestrel on loopback. The role is whatever the key says.</summary>
public sealed class StudioServer : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("studio-");
    private WebApplication? _app;

    /// <summary>Directory of the npm package; none unless a test makes one.</summary>
    public string? Package { get; init; }

    public Uri Address { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = _directory.FullName });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        const string Strategy = "Automation:Steps:Http:ResilienceStrategies:0:";
        builder.Configuration.AddInMemoryCollection(
        [
            new("Automation:Workflows:Directory", ""), new("Automation:Steps:Outgoing:AllowedHosts:0", "127.0.0.1"), new("Logging:LogLevel:Microsoft", "Warning"),
            new(Strategy + "Id", "stubborn"), new(Strategy + "DisplayName", "Stubborn"), new(Strategy + "MaxRetryAttempts", "2"), new(Strategy + "Delay", "00:00:00"),
            new(Strategy + "StatusCodes:0", "401"),
        ]);
        builder.Services.AddAutomationStorage(_ => DatabaseLocation.Sqlite(Path.Combine(_directory.FullName, "automation.db")));
        builder.Services.AddAutomationJobs();
        builder.Services.AddAutomationWorkflows();
        builder.Services.AddAutomationSteps();
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddRazorComponents();
        builder.Services.AddAntiforgery();
        builder.Services.AddAuthentication("ApiKey").AddScheme<AuthenticationSchemeOptions, RoleFromKey>("ApiKey", configureOptions: null);
        builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        builder.Services.AddAutomationStudio(Package);
        _app = builder.Build();
        _app.UseStatusCodePages();
        _app.UseAuthentication();
        _app.UseAuthorization();
        _app.UseAntiforgery();
        _app.MapAutomationStudio();
        await _app.StartAsync();
        Address = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = As("administrator");
    }

    /// <summary>What is mapped below a path, by method and the rest of the pattern, with the role that the route asks for.</summary>
    public IEnumerable<(string Name, Role? Least)> Routes(string below) =>
        from endpoint in ((IEndpointRouteBuilder)_app!).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
        let pattern = endpoint.RoutePattern.RawText ?? ""
        where pattern.StartsWith(below, StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [""]
        select ($"{method} {pattern[below.Length..].TrimEnd('/')}", endpoint.Metadata.GetOrderedMetadata<LeastRoleAttribute>().Max(l => (Role?)l.Role));

    /// <summary>A client in a role.</summary>
    public HttpClient As(string role)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new("ApiKey", role);
        return client;
    }

    /// <summary>Calls the API; the path begins after <c>/elsa/api</c>.</summary>
    public async Task<Answer> CallAsync(HttpMethod method, string path, JsonNode? body = null, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(method, "/elsa/api" + path);
        if (body is not null)
            request.Content = JsonContent.Create(body);
        using var response = await (client ?? Client).SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, response.Headers.ToDictionary(h => h.Key, h => h.Value.First(), StringComparer.OrdinalIgnoreCase), text);
    }

    public Task<Answer> GetAsync(string path) => CallAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, JsonNode? body = null) => CallAsync(HttpMethod.Post, path, body);

    /// <summary>Saves a definition.</summary>
    public Task<Answer> SaveAsync(JsonNode model, bool publish, HttpClient? client = null) =>
        CallAsync(HttpMethod.Post, "/workflow-definitions", new JsonObject { ["model"] = model.DeepClone(), ["publish"] = publish }, client);

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private sealed class RoleFromKey(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        private static readonly string[] Roles = ["viewer", "operator", "designer", "administrator"];

        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var role = Request.Headers.Authorization.ToString().Replace("ApiKey ", "", StringComparison.Ordinal).Replace("Bearer ", "", StringComparison.Ordinal);
            if (!Roles.Contains(role, StringComparer.Ordinal))
                return Task.FromResult(role.Length == 0 ? AuthenticateResult.NoResult() : AuthenticateResult.Fail("unknown"));
            var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, role), new Claim(ClaimTypes.Role, role)], Scheme.Name);
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
        }
    }
}

/// <summary>What the API answered.</summary>
public sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    /// <summary>The value at a path such as <c>workflowDefinition.root.id</c>.</summary>
    public JsonNode? At(string path) => path.Split('.').Aggregate(Json, (node, part) => int.TryParse(part, out var i) ? node![i]! : node![part]!);
}
