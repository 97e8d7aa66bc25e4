using Automation.Storage.Writes;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Management;

/// <summary>What a list of definitions shows of one version.</summary>
public sealed record DefinitionSummary
{
    /// <summary>Id of this version.</summary>
    public required string Id { get; init; }

    /// <summary>The id that all versions share.</summary>
    public required string DefinitionId { get; init; }

    /// <summary>1 for the first version.</summary>
    public required int Version { get; init; }

    /// <summary>Name for people.</summary>
    public string? Name { get; init; }

    /// <summary>Description for people.</summary>
    public string? Description { get; init; }

    /// <summary>Version of the tool that wrote it.</summary>
    public string? ToolVersion { get; init; }

    /// <summary><c>Files</c> for one that came from the workflows directory; otherwise null.</summary>
    public string? ProviderName { get; init; }

    /// <summary>The file below the workflows directory that holds it, if any.</summary>
    public string? SourceFile { get; init; }

    /// <summary>Whether this is the newest version.</summary>
    public bool IsLatest { get; init; }

    /// <summary>Whether this is the version in force.</summary>
    public bool IsPublished { get; init; }

    /// <summary>Whether changes are refused.</summary>
    public bool IsReadonly { get; init; }

    /// <summary>Whether it belongs to the product.</summary>
    public bool IsSystem { get; init; }

    /// <summary>Whether other workflows may use it as an activity.</summary>
    public bool UsableAsActivity { get; init; }

    /// <summary>When this version was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When this version was last written.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Counts the writes of this version; hand it back when saving, and a change in between is told.</summary>
    public long Revision { get; init; }

    internal string ContentHash { get; init; } = "";
}

/// <summary>One stored version of a definition, with its JSON.</summary>
/// <param name="Summary">What the list shows of it.</param>
/// <param name="Content">The JSON as it was stored.</param>
public sealed record StoredDefinition(DefinitionSummary Summary, string Content)
{
    /// <summary>
    /// The definition as the API gives it: ids, version and flags are those of the stored version, whatever the JSON
    /// said when it was saved, and every activity has its node id.
    /// </summary>
    public WorkflowDefinition ToDefinition()
    {
        var definition = WorkflowDefinition.Parse(Content);
        Stamp(definition, Summary);
        definition.UpdateNodeIds();
        return definition;
    }

    internal static void Stamp(WorkflowDefinition definition, DefinitionSummary summary)
    {
        definition.Id = summary.Id;
        definition.DefinitionId = summary.DefinitionId;
        definition.Version = summary.Version;
        definition.Name = summary.Name;
        definition.CreatedAt = summary.CreatedAt;
        definition.IsLatest = summary.IsLatest;
        definition.IsPublished = summary.IsPublished;
        definition.IsReadonly = summary.IsReadonly;
        definition.IsSystem = summary.IsSystem;
    }

    internal static DefinitionSummary ReadSummary(SqlValue[] row, bool filesAreReadonly) => new()
    {
        Id = row[0].AsText!,
        DefinitionId = row[1].AsText!,
        Version = (int)row[2].AsInteger,
        Name = row[3].AsText,
        Description = row[4].AsText,
        ToolVersion = row[5].AsText,
        ProviderName = row[6].AsText,
        SourceFile = row[7].AsText,
        IsLatest = row[8].AsBoolean,
        IsPublished = row[9].AsBoolean,
        IsReadonly = row[10].AsBoolean || (filesAreReadonly && !row[7].IsNull),
        IsSystem = row[11].AsBoolean,
        UsableAsActivity = row[12].AsBoolean,
        ContentHash = row[13].AsText!,
        CreatedAt = SqlValue.FromMicros(row[14].AsInteger),
        UpdatedAt = SqlValue.FromMicros(row[15].AsInteger),
        Revision = row[16].AsInteger,
    };
}
