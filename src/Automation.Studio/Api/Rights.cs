using System.Security.Claims;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Automation.Studio.Api;

/// <summary>What a call asks of the caller's role. Everybody who is signed in may look.</summary>
internal enum Right
{
    /// <summary>Start, cancel and delete instances, answer events and tasks: operators and designers.</summary>
    Run,

    /// <summary>Change definitions: designers.</summary>
    Design,
}

/// <summary>Which roles have which rights.</summary>
internal static class Rights
{
    public static bool Has(this ClaimsPrincipal user, Right right) =>
        user.Has(RoleFor(right));

    private static Role RoleFor(Right right) => right == Right.Design ? Role.Designer : Role.Operator;

    /// <summary>Refuses callers without the right with 403, the status that the Studio expects.</summary>
    public static TBuilder Needs<TBuilder>(this TBuilder endpoint, Right right)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new LeastRoleAttribute(RoleFor(right))).AddEndpointFilter(async (context, next) =>
            context.HttpContext.User.Has(right)
                ? await next(context)
                : Problems.Error(StatusCodes.Status403Forbidden, right == Right.Design
                    ? "Your role may look at workflows but not change them."
                    : "Your role may look at instances but not start, cancel or delete them."));
}
