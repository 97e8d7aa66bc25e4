using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Automation.Dashboard.Access;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Automation.Host.Access;

/// <summary>Signs in by <c>Authorization: ApiKey KEY</c>; clients that know only <c>Bearer</c> may say that.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, ApiKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!AuthenticationHeaderValue.TryParse(Credentials(Request), out var header) || header.Parameter is not { Length: > 0 } given)
            return AuthenticateResult.NoResult();
        if (!header.Scheme.Equals(SchemeName, StringComparison.OrdinalIgnoreCase) && !header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return AuthenticateResult.NoResult();
        if (await keys.FindAsync(given.Trim(), Context.RequestAborted) is not { } key)
            return AuthenticateResult.Fail("The API key is not known here, or has expired.");

        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, key.Name), new Claim(ClaimTypes.NameIdentifier, "key:" + key.Id)], SchemeName);
        // Outside of its scopes a key is somebody without a role.
        if (Scopes.Allow(key.Scopes, Request))
            identity.AddClaim(new Claim(ClaimTypes.Role, key.Role.Text()));
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    /// <summary>What the request says; a browser can give the upgrade of a connection no header, so that the live updates take it from the address.</summary>
    public static string? Credentials(HttpRequest request) =>
        request.Headers.Authorization.Count == 0 && request.Path.StartsWithSegments("/elsa/hubs", StringComparison.OrdinalIgnoreCase) && request.Query["access_token"].FirstOrDefault() is { Length: > 0 } token
            ? "Bearer " + token
            : request.Headers.Authorization.ToString();

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = SchemeName;
        return TypedResults.Problem(
            statusCode: StatusCodes.Status401Unauthorized,
            title: "Sign in first",
            detail: "Send the header \"Authorization: ApiKey KEY\". The administrator key was printed at the first start, or set as Automation__AdminKey.")
            .ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => AccessRequirement.ForbidAsync(Context);
}
