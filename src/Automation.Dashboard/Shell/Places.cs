using Automation.Storage.Access;

namespace Automation.Dashboard.Shell;

/// <summary>A place in the console's navigation.</summary>
internal sealed record Place(string Title, string Href, Role Least = Role.Viewer);

/// <summary>The places of the console, in the order of the navigation.</summary>
internal static class Places
{
    public static IReadOnlyList<Place> All { get; } =
    [
        new("Overview", "/"),
        new("Events", "/events"),
        new("Sources", "/sources"),
        new("Mappings", "/mappings"),
        new("Workflows", "/studio/workflows"),
        new("Instances", "/instances"),
        new("Jobs", "/hangfire"),
        new("Deliveries", "/deliveries"),
        new("Inbox", "/inbox"),
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
