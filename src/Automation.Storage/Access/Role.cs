using System.Security.Claims;
using System.Text.Json.Serialization;

namespace Automation.Storage.Access;

/// <summary>What somebody may do. Each role may do what the ones before it may.</summary>
public enum Role
{
    /// <summary>Looks at everything but secrets, users and keys.</summary>
    [JsonStringEnumMemberName("viewer")]
    Viewer,

    /// <summary>Also replays events; retries, cancels and starts instances; changes jobs.</summary>
    [JsonStringEnumMemberName("operator")]
    Operator,

    /// <summary>Also changes workflows, mappings and secrets.</summary>
    [JsonStringEnumMemberName("designer")]
    Designer,

    /// <summary>Also changes users, keys and settings, and reads the audit log.</summary>
    [JsonStringEnumMemberName("administrator")]
    Administrator,
}

/// <summary>
/// The decision that every route needs: the least role that may call it. A route without one, and not marked as open to
/// everybody, is refused to all but administrators, and a test fails. Where a group and a route in it both say one, the higher counts.
/// </summary>
/// <param name="role">The least role.</param>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method, AllowMultiple = true)]
public sealed class LeastRoleAttribute(Role role) : Attribute
{
    /// <summary>The least role.</summary>
    public Role Role { get; } = role;
}

/// <summary>Roles as they are written: in claims, in the database and in the API.</summary>
public static class Roles
{
    /// <summary>All roles, the weakest first.</summary>
    public static IReadOnlyList<string> All { get; } = ["viewer", "operator", "designer", "administrator"];

    /// <summary>How a role is written.</summary>
    public static string Text(this Role role) => All[(int)role];

    /// <summary>Reads a role; upper and lower case are the same.</summary>
    public static bool TryParse(string? text, out Role role)
    {
        for (var i = 0; i < All.Count; i++)
        {
            if (All[i].Equals(text?.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                role = (Role)i;
                return true;
            }
        }

        role = default;
        return false;
    }

    /// <summary>Whether somebody has at least a role.</summary>
    public static bool Has(this ClaimsPrincipal? user, Role least) =>
        user?.FindFirst(ClaimTypes.Role)?.Value is { } text && TryParse(text, out var role) && role >= least;
}
