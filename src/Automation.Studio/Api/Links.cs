using System.Collections.Immutable;

namespace Automation.Studio.Api;

/// <summary>What may be done with a resource. The Studio edits a definition only if it is linked to <c>publish</c>.</summary>
internal sealed record Link(string Href, string Rel, string Method);

/// <summary>The links of definitions and of their list.</summary>
internal static class Links
{
    private static readonly ImmutableArray<Link> ListRead =
    [
        new("/workflow-definitions", "self", "GET"),
        new("/workflow-definitions/validation/is-name-unique", "is-name-unique", "GET"),
        new("/workflow-definitions/query/count", "count", "GET"),
        new("/workflow-definitions/many-by-id", "many-by-id", "GET"),
    ];

    private static readonly ImmutableArray<Link> ListWrite =
    [
        .. ListRead,
        new("/bulk-actions/delete/workflow-definitions/by-definition-id", "bulk-delete-by-definition-id", "POST"),
        new("/bulk-actions/delete/workflow-definitions/by-id", "bulk-delete-by-id", "POST"),
        new("/bulk-actions/publish/workflow-definitions/by-definition-ids", "bulk-publish", "POST"),
        new("/bulk-actions/retract/workflow-definitions/by-definition-ids", "bulk-retract", "POST"),
        new("/workflow-definitions/import", "import", "POST"),
        new("/workflow-definitions/import-files", "import-files", "POST"),
        new("/workflow-definitions", "create", "POST"),
    ];

    public static ImmutableArray<Link> ForList(bool canDesign) => canDesign ? ListWrite : ListRead;

    public static IReadOnlyList<Link> For(string definitionId, bool canRun, bool canDesign)
    {
        var path = "/workflow-definitions/" + Uri.EscapeDataString(definitionId);
        var links = new List<Link>(12)
        {
            new(path, "self", "GET"),
            new("/workflow-definitions/by-definition-id/" + Uri.EscapeDataString(definitionId), "self", "GET"),
            new(path + "/versions", "versions", "GET"),
        };
        if (canRun)
        {
            links.Add(new(path + "/bulk-dispatch", "bulk-dispatch", "POST"));
            links.Add(new(path + "/dispatch", "dispatch", "POST"));
            links.Add(new(path + "/execute", "execute", "POST"));
        }

        links.Add(new(path + "/export", "export", "POST"));
        if (canDesign)
        {
            links.Add(new(path + "/publish", "publish", "POST"));
            links.Add(new(path + "/retract", "retract", "POST"));
            links.Add(new(path, "delete", "DELETE"));
            links.Add(new(path + "/import", "import", "PUT"));
            links.Add(new(path + "/update-references", "update-references", "POST"));
        }

        return links;
    }
}
