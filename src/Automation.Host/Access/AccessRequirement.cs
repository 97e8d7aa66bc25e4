using System.Security.Claims;
using Automation.Dashboard.Access;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Authorization;

namespace Automation.Host.Access;

/// <summary>
/// Holds every route to its <see cref="LeastRoleAttribute"/>. A route that nobody has decided about is for administrators: a
/// mistake may shut somebody out, never let somebody in.
/// </summary>
internal sealed class AccessRequirement : AuthorizationHandler<AccessRequirement>, IAuthorizationRequirement
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, AccessRequirement requirement)
    {
        // Where there is nothing, or nothing for this method or content type, whoever is signed in may be told so.
        var endpoint = (context.Resource as HttpContext)?.GetEndpoint() as RouteEndpoint;
        var least = endpoint is null ? Role.Viewer : endpoint.LeastRole() ?? Role.Administrator;
        if (context.User.Has(least))
            context.Succeed(requirement);
        return Task.CompletedTask;
    }

    /// <summary>Says what is missing.</summary>
    public static Task ForbidAsync(HttpContext context)
    {
        var least = context.GetEndpoint()?.LeastRole() ?? Role.Administrator;
        var detail = context.User.FindFirst(ClaimTypes.Role)?.Value is { } role
            ? $"It takes the role {least.Text()}; yours is {role}."
            : "The API key's scopes do not cover this.";
        return TypedResults.Problem(statusCode: StatusCodes.Status403Forbidden, title: "Your role does not allow this", detail: detail).ExecuteAsync(context);
    }
}
