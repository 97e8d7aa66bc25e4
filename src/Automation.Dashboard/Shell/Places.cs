using Automation.Storage.Access;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Shell;

/// <summary>A place in the console's navigation.</summary>
/// <param name="Title">What it is called.</param>
/// <param name="Href">Where it is.</param>
/// <param name="Least">The least role that sees it.</param>
/// <param name="Also">Where else the pages of this place are.</param>
internal sealed record Place(string Title, string Href, Role Least = Role.Viewer, string? Also = null)
{
    /// <summary>Whether a path is in this place though it does not begin as it does.</summary>
    public bool HasBeside(PathString path) => Also is not null && path.StartsWithSegments(Also, StringComparison.Ordinal);
}

/// <summary>The places of the console, in the order of the navigation.</summary>
internal static class Places
{
    public static IReadOnlyList<Place> All { get; } =
    [
        new("Overview", "/"),
        new("Events", "/events", Also: "/replays"),
        new("Sources", "/sources"),
        new("Mappings", "/mappings"),
        new("Workflows", "/studio/workflows"),
        new("Instances", "/instances"),
        new("Jobs", "/hangfire"),
        new("Deliveries", "/deliveries"),
        new("Inbox", "/inbox", Also: "/notifications"),
        new("Data", "/data"),
    ];

    /// <summary>What the server itself needs, below the others.</summary>
    public static IReadOnlyList<Place> OfServer { get; } =
    [
        new("Secrets", "/secrets", Role.Designer),
        new("Users & keys", "/users", Role.Administrator),
        new("Audit log", "/audit", Role.Administrator),
        new("Settings", "/settings", Role.Administrator),
    ];
}
