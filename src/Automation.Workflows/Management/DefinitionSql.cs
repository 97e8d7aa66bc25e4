using Automation.Storage.Writes;

namespace Automation.Workflows.Management;

/// <summary>The statements on definitions and triggers.</summary>
internal static class DefinitionSql
{
    private const string Summary =
        "id, definition_id, version, name, description, tool_version, provider_name, source_file, is_latest, is_published, "
        + "is_readonly, is_system, usable_as_activity, content_hash, created_at, updated_at, revision";

    private const string From = $"SELECT {Summary}, content FROM workflow_definitions ";

    public static readonly SqlStatement ById = new(From + "WHERE id = $1");
    public static readonly SqlStatement AllVersions = new(From + "WHERE definition_id = $1 ORDER BY version DESC");
    public static readonly SqlStatement Latest = new(From + "WHERE definition_id = $1 AND is_latest");
    public static readonly SqlStatement Published = new(From + "WHERE definition_id = $1 AND is_published");
    public static readonly SqlStatement Specific = new(From + "WHERE definition_id = $1 AND version = $2");
    /// <summary>$1 and $2: texts, of which one is enough.</summary>
    public static readonly SqlStatement LatestMentioning = new(
        From + "WHERE is_latest AND (instr(content, $1) > 0 OR instr(content, $2) > 0)", From + "WHERE is_latest AND (strpos(content, $1) > 0 OR strpos(content, $2) > 0)");

    public static readonly SqlStatement PublishedSummaries = new($"SELECT {Summary} FROM workflow_definitions WHERE is_published");
    public static readonly SqlStatement VersionSummaries = new($"SELECT {Summary} FROM workflow_definitions WHERE definition_id = $1 ORDER BY version DESC");
    public static readonly SqlStatement FileSummaries = new($"SELECT {Summary} FROM workflow_definitions WHERE source_file IS NOT NULL AND (is_latest OR is_published)");
    public static readonly SqlStatement RevisionOf = new("SELECT revision FROM workflow_definitions WHERE id = $1");
    public static readonly SqlStatement UsableAsActivity = new(From + "WHERE is_published AND usable_as_activity");
    public static readonly SqlStatement NameTaken = new("SELECT 1 FROM workflow_definitions WHERE name = $1 AND definition_id <> $2 AND is_latest LIMIT 1");

    public static readonly SqlStatement Insert = new(
        $"INSERT INTO workflow_definitions ({Summary}, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)");

    /// <summary>$1 id, $2 revision expected.</summary>
    public static readonly SqlStatement Overwrite = new(
        "UPDATE workflow_definitions SET name = $3, description = $4, tool_version = $5, source_file = $6, provider_name = $7, is_published = $8, "
        + "is_system = $9, usable_as_activity = $10, content_hash = $11, updated_at = $12, content = $13, revision = revision + 1 "
        + "WHERE id = $1 AND revision = $2 AND is_latest");

    /// <summary>$1 id, $2 revision expected, $3 now.</summary>
    public static readonly SqlStatement Publish = new(
        "UPDATE workflow_definitions SET is_published = TRUE, updated_at = $3, revision = revision + 1 WHERE id = $1 AND revision = $2 AND is_latest");

    /// <summary>$1 definition, $2 now, $3 the version to leave alone.</summary>
    public static readonly SqlStatement RetractOthers = new(
        "UPDATE workflow_definitions SET is_published = FALSE, updated_at = $2, revision = revision + 1 WHERE definition_id = $1 AND is_published AND id <> $3");

    /// <summary>$1 definition, $2 now.</summary>
    public static readonly SqlStatement Retract = new(
        "UPDATE workflow_definitions SET is_published = FALSE, updated_at = $2, revision = revision + 1 WHERE definition_id = $1 AND is_published");

    /// <summary>$1 definition, $2 now.</summary>
    public static readonly SqlStatement ForgetFile = new(
        "UPDATE workflow_definitions SET source_file = NULL, provider_name = NULL, updated_at = $2, revision = revision + 1 WHERE definition_id = $1 AND source_file IS NOT NULL");

    /// <summary>$1 id, $2 revision expected, $3 now.</summary>
    public static readonly SqlStatement NoLongerLatest = new(
        "UPDATE workflow_definitions SET is_latest = FALSE, updated_at = $3, revision = revision + 1 WHERE id = $1 AND revision = $2 AND is_latest");

    /// <summary>$1 id, $2 now.</summary>
    public static readonly SqlStatement MakeLatest = new(
        "UPDATE workflow_definitions SET is_latest = TRUE, updated_at = $2, revision = revision + 1 WHERE id = $1");

    public static readonly SqlStatement DeleteVersion = new("DELETE FROM workflow_definitions WHERE id = $1");
    public static readonly SqlStatement DeleteAll = new("DELETE FROM workflow_definitions WHERE definition_id = $1");

    private const string Trigger = "id, definition_id, definition_version_id, name, activity_id, hash, payload, options, next_at, job_id";

    public static readonly SqlStatement Triggers = new($"SELECT {Trigger} FROM workflow_triggers");
    public static readonly SqlStatement TriggerById = new($"SELECT {Trigger} FROM workflow_triggers WHERE id = $1");
    public static readonly SqlStatement TriggersOf = new($"SELECT {Trigger} FROM workflow_triggers WHERE definition_id = $1");
    public static readonly SqlStatement InsertTrigger = new($"INSERT INTO workflow_triggers ({Trigger}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    public static readonly SqlStatement DeleteTriggers = new("DELETE FROM workflow_triggers WHERE definition_id = $1");

    /// <summary>$1 id, $2 time expected, $3 next time, $4 its job.</summary>
    public static readonly SqlStatement MoveTrigger = new("UPDATE workflow_triggers SET next_at = $3, job_id = $4 WHERE id = $1 AND next_at = $2");
}
