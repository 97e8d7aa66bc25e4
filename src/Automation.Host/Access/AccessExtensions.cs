using System.Threading.RateLimiting;
using Automation.Dashboard.Access;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace Automation.Host.Access;

/// <summary>Who may do what: keys for machines, a session for people, and nothing for anybody else.</summary>
internal static class AccessExtensions
{
    private const string ByRequest = "ByRequest";

    private static readonly string[] Guessing = ["/sign-in", "/elsa/api/identity", "/account/password", "/api/account/password"];

    public static void AddAccess(this IServiceCollection services, string dataDirectory)
    {
        services.AddSingleton<FirstRunLink>();
        services.AddSingleton<TrustedHeader>();
        services.AddDataProtection().SetApplicationName("Automation").PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(dataDirectory, "keys")));
        services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "automation-form";
            o.SuppressXFrameOptionsHeader = true; // SecurityHeaders has said it already.
        });
        services.AddAuthentication(ByRequest)
            .AddPolicyScheme(ByRequest, displayName: null, o => o.ForwardDefaultSelector = Choose)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, configureOptions: null)
            .AddCookie(o =>
            {
                o.Cookie.Name = SessionCookie.Name;
                o.Cookie.HttpOnly = true;
                o.Cookie.SameSite = SameSiteMode.Lax;
                o.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                o.SlidingExpiration = false;
                o.LoginPath = "/sign-in";
                o.ReturnUrlParameter = "returnUrl";
                o.Events.OnValidatePrincipal = SessionCookie.ValidateAsync;
                // A page's script cannot follow a redirect to a form: it is told, as a machine is.
                o.Events.OnRedirectToLogin = c =>
                {
                    if (IsApi(c.Request))
                        c.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    else
                        c.Response.Redirect(c.RedirectUri);
                    return Task.CompletedTask;
                };
                o.Events.OnRedirectToAccessDenied = c =>
                {
                    if (IsApi(c.Request))
                        return AccessRequirement.ForbidAsync(c.HttpContext);
                    c.Response.StatusCode = StatusCodes.Status403Forbidden;
                    return Task.CompletedTask;
                };
            });
        // How long a cookie lasts is how long its session may.
        services.AddOptions<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme)
            .Configure<IOptions<AccessOptions>>((cookie, access) => cookie.ExpireTimeSpan = access.Value.SessionLifetime);
        var authorization = services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(new AccessRequirement()).Build());
        // The policies that HTTP endpoints of workflows may name: each role, held by whoever has it or a higher one.
        foreach (var role in Enum.GetValues<Role>())
            authorization.AddPolicy(role.Text(), p => p.RequireAssertion(c => c.User.Has(role)));
        services.AddSingleton<IAuthorizationHandler, AccessRequirement>();
        services.AddRateLimiter(o =>
        {
            o.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(PartitionOf);
            o.OnRejected = TellTooManyAsync;
        });
    }

    /// <summary>Only what tells a right password from a wrong one is limited, by address; a key of 256 bits is not guessed, but whoever tries is slowed down, too.</summary>
    private static RateLimitPartition<string> PartitionOf(HttpContext context)
    {
        var path = context.Request.Path;
        if (!HttpMethods.IsPost(context.Request.Method) || !Array.Exists(Guessing, p => path.StartsWithSegments(p, StringComparison.OrdinalIgnoreCase)))
            return RateLimitPartition.GetNoLimiter("");
        var permits = context.RequestServices.GetRequiredService<IOptions<AccessOptions>>().Value.SignInsPerMinute;
        return RateLimitPartition.GetFixedWindowLimiter(
            context.Connection.RemoteIpAddress?.ToString() ?? "", _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromMinutes(1) });
    }

    private static async ValueTask TellTooManyAsync(OnRejectedContext rejected, CancellationToken cancellationToken)
    {
        var response = rejected.HttpContext.Response;
        response.Headers.RetryAfter = "60";
        response.StatusCode = StatusCodes.Status429TooManyRequests;
        await TypedResults.Problem(
            statusCode: StatusCodes.Status429TooManyRequests, title: "Too many attempts to sign in", detail: "Come again in a minute.").ExecuteAsync(rejected.HttpContext);
    }

    /// <summary>A key where one is sent, else the session; a machine that has neither is asked for a key, not sent to a page.</summary>
    private static string Choose(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey("Authorization"))
            return ApiKeyAuthentication.SchemeName;
        var session = context.Request.Cookies.ContainsKey(SessionCookie.Name);
        return session || !IsApi(context.Request) ? CookieAuthenticationDefaults.AuthenticationScheme : ApiKeyAuthentication.SchemeName;
    }

    private static bool IsApi(HttpRequest request) =>
        request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) || request.Path.StartsWithSegments("/elsa", StringComparison.OrdinalIgnoreCase)
        || request.Path.StartsWithSegments("/metrics", StringComparison.OrdinalIgnoreCase);
}
