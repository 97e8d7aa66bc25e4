using Automation.Workflows.Definitions;

namespace Automation.Workflows.Management;

/// <summary>What saving or publishing a definition did.</summary>
public sealed record SaveDefinitionResult
{
    /// <summary>The version as it is stored now.</summary>
    public required StoredDefinition Definition { get; init; }

    /// <summary>True where publishing was asked for and the newest version was published already: nothing was changed.</summary>
    public bool AlreadyPublished { get; init; }

    /// <summary>
    /// Every problem found where publishing was asked for. If one is an error, the content was kept as a draft and is
    /// not published.
    /// </summary>
    public IReadOnlyList<DefinitionProblem> Problems { get; init; } = [];

    /// <summary>True where publishing was asked for and the version is in force now.</summary>
    public bool IsPublished => Definition.Summary.IsPublished;

    /// <summary>How many other definitions use this one as an activity.</summary>
    public int ConsumingWorkflowCount { get; init; }

    /// <summary>Definitions that were moved to this version because it asks for it.</summary>
    public IReadOnlyList<string> UpdatedConsumers { get; init; } = [];
}

/// <summary>What publishing many definitions did; every list holds definition ids.</summary>
public sealed record BulkPublishResult
{
    /// <summary>In force now.</summary>
    public IReadOnlyList<string> Published { get; init; } = [];

    /// <summary>In force before.</summary>
    public IReadOnlyList<string> AlreadyPublished { get; init; } = [];

    /// <summary>Unknown ids.</summary>
    public IReadOnlyList<string> NotFound { get; init; } = [];

    /// <summary>Read-only ones, left alone.</summary>
    public IReadOnlyList<string> Skipped { get; init; } = [];

    /// <summary>Definitions that use a published one as an activity and were moved to its new version.</summary>
    public IReadOnlyList<string> UpdatedConsumers { get; init; } = [];

    /// <summary>Those with errors.</summary>
    public IReadOnlyList<string> Failed { get; init; } = [];

    /// <summary>The problems of each definition that has any, by definition id.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<DefinitionProblem>> Problems { get; init; } =
        new Dictionary<string, IReadOnlyList<DefinitionProblem>>(StringComparer.Ordinal);
}

/// <summary>What retracting many definitions did; every list holds definition ids.</summary>
/// <param name="Retracted">No longer in force.</param>
/// <param name="AlreadyRetracted">Were not in force.</param>
/// <param name="NotFound">Unknown ids.</param>
public sealed record BulkRetractResult(IReadOnlyList<string> Retracted, IReadOnlyList<string> AlreadyRetracted, IReadOnlyList<string> NotFound);

/// <summary>A definition was changed by someone else in between. Nothing was stored.</summary>
/// <param name="definitionId">The definition.</param>
public sealed class DefinitionConflictException(string definitionId)
    : Exception($"The workflow '{definitionId}' was changed by someone else in the meantime. Load it again; nothing of this change was stored.")
{
    /// <summary>The definition.</summary>
    public string DefinitionId { get; } = definitionId;
}

/// <summary>A definition is read-only.</summary>
/// <param name="definitionId">The definition.</param>
/// <param name="fromFile">Whether it is because it comes from a file.</param>
public sealed class DefinitionReadonlyException(string definitionId, bool fromFile)
    : Exception(fromFile
        ? $"The workflow '{definitionId}' comes from a file of the workflows directory and is read-only. Change the file, or set Automation:Workflows:AllowEditing."
        : $"The workflow '{definitionId}' is read-only.")
{
    /// <summary>The definition.</summary>
    public string DefinitionId { get; } = definitionId;
}

/// <summary>A definition or a version of it does not exist.</summary>
/// <param name="what">Which one.</param>
public sealed class DefinitionNotFoundException(string what) : Exception($"There is no {what}.");
