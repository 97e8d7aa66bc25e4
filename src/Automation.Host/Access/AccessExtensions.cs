using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;

namespace Automation.Host.Access;

/// <summary>Who may do what: keys for machines, a session for people, and nothing for anybody else.</summary>
internal static class AccessExtensions
{
    private const string ByRequest = "ByRequest";

    public static void AddAccess(this IServiceCollection services, string dataDirectory)
    {
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<FirstRunLink>();
        services.AddDataProtection().SetApplicationName("Automation").PersistKeysToFileSystem(new DirectoryInfo(Path.Combine(dataDirectory, "keys")));
        services.AddAntiforgery(o => o.Cookie.Name = "automation-form");
        services.AddAuthentication(ByRequest)
            .AddPolicyScheme(ByRequest, displayName: null, o => o.ForwardDefaultSelector = Choose)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, configureOptions: null)
            .AddCookie(o =>
            {
                o.Cookie.Name = "automation-session";
                o.Cookie.HttpOnly = true;
                o.Cookie.SameSite = SameSiteMode.Lax;
                o.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                o.ExpireTimeSpan = TimeSpan.FromDays(7);
                o.SlidingExpiration = true;
                o.LoginPath = "/sign-in";
                o.ReturnUrlParameter = "returnUrl";
                o.AccessDeniedPath = "/sign-in";
                // A page's script cannot follow a redirect to a form: it is told, as a machine is.
                o.Events.OnRedirectToLogin = c => c.RedirectUnlessApi(StatusCodes.Status401Unauthorized);
                o.Events.OnRedirectToAccessDenied = c => c.RedirectUnlessApi(StatusCodes.Status403Forbidden);
            });
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
    }

    /// <summary>A key where one is sent, else the session; a machine that has neither is asked for a key, not sent to a page.</summary>
    private static string Choose(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey("Authorization"))
            return ApiKeyAuthentication.SchemeName;
        var session = context.Request.Cookies.ContainsKey("automation-session");
        return session || !IsApi(context.Request) ? CookieAuthenticationDefaults.AuthenticationScheme : ApiKeyAuthentication.SchemeName;
    }

    private static bool IsApi(HttpRequest request) =>
        request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase) || request.Path.StartsWithSegments("/elsa", StringComparison.OrdinalIgnoreCase);

    private static Task RedirectUnlessApi(this RedirectContext<CookieAuthenticationOptions> context, int status)
    {
        if (IsApi(context.Request))
            context.Response.StatusCode = status;
        else
            context.Response.Redirect(context.RedirectUri);
        return Task.CompletedTask;
    }
}
