using Automation.Storage.Access;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Access;

/// <summary>What has been decided about routes.</summary>
public static class Decisions
{
    /// <summary>The least role that may call a route; null where nobody has decided.</summary>
    public static Role? LeastRole(this Endpoint endpoint) =>
        endpoint.Metadata.GetOrderedMetadata<LeastRoleAttribute>() is { Count: > 0 } decided ? decided.Max(d => d.Role) : null;
}
