using System.Reflection;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Studio.Api.Other;

/// <summary>
/// For clients that insist on a login: the password is an API key, and so is the token that they get. There are no
/// passwords here.
/// </summary>
internal static class IdentityEndpoints
{
    private static readonly string Version =
        typeof(IdentityEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapPost("/identity/login", (Delegate)LoginAsync).AllowAnonymous();
        api.MapPost("/identity/refresh-token", (HttpContext context) => Answer(Renewed(context))).AllowAnonymous();
        api.MapGet("/package/version", () => TypedResults.Json(new VersionAnswer(Version), StudioJson.Default.VersionAnswer)).AllowAnonymous();
    }

    private static async Task<IResult> LoginAsync(HttpContext context)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.LoginRequest);
        if (string.IsNullOrWhiteSpace(request?.Password))
            return Answer(new LoginAnswer(IsAuthenticated: false));
        // Checked by whoever checks keys, as if it had come in the header; anew, because this request has been checked without it.
        context.Request.Headers.Authorization = "ApiKey " + request.Password;
        await using var scope = context.RequestServices.CreateAsyncScope();
        var handler = await scope.ServiceProvider.GetRequiredService<IAuthenticationHandlerProvider>().GetHandlerAsync(context, "ApiKey");
        var result = handler is null ? AuthenticateResult.NoResult() : await handler.AuthenticateAsync();
        return Answer(result.Succeeded ? new LoginAnswer(IsAuthenticated: true, request.Password, request.Password) : new LoginAnswer(IsAuthenticated: false));
    }

    /// <summary>A key does not run out: who shows one that is good gets it again.</summary>
    private static LoginAnswer Renewed(HttpContext context) =>
        context.User.Identity?.IsAuthenticated == true && context.Request.Headers.Authorization.ToString().Split(' ') is [_, { Length: > 0 } key]
            ? new LoginAnswer(IsAuthenticated: true, key, key)
            : new LoginAnswer(IsAuthenticated: false);

    private static IResult Answer(LoginAnswer answer) => TypedResults.Json(answer, StudioJson.Default.LoginAnswer);
}
