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
            });
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
    }

    /// <summary>A key where one is sent, else the session; a machine that has neither is asked for a key, not sent to a page.</summary>
    private static string Choose(HttpContext context)
    {
        if (context.Request.Headers.ContainsKey("Authorization"))
            return ApiKeyAuthentication.SchemeName;
        var session = context.Request.Cookies.ContainsKey("automation-session");
        var page = !context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            && !context.Request.Path.StartsWithSegments("/elsa", StringComparison.OrdinalIgnoreCase);
        return session || page ? CookieAuthenticationDefaults.AuthenticationScheme : ApiKeyAuthentication.SchemeName;
    }
}
