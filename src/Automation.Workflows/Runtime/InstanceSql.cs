using Automation.Storage.Writes;

namespace Automation.Workflows.Runtime;

/// <summary>The statements on instances and what belongs to them.</summary>
internal static class InstanceSql
{
    /// <summary>Rows that a look-up of bookmarks gives at a time.</summary>
    public const int Page = 1000;

    private const string Instance =
        "id, definition_id, definition_version_id, definition_version, sub_status, is_system, incident_count, correlation_id, name, parent_id, "
        + "notify, created_at, updated_at, finished_at, revision, state";

    public static readonly SqlStatement Find = new($"SELECT {Instance} FROM workflow_instances WHERE id = $1");
    public static readonly SqlStatement Exists = new("SELECT 1 FROM workflow_instances WHERE id = $1");

    public static readonly SqlStatement Insert = new(
        $"INSERT INTO workflow_instances ({Instance}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)");

    private const string InsertWhere =
        $"INSERT INTO workflow_instances ({Instance}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 WHERE NOT EXISTS "
        + "(SELECT 1 FROM workflow_instances WHERE sub_status IN (0, 1, 2, 6) AND ";

    /// <summary>Only while no instance of the definition runs.</summary>
    public static readonly SqlStatement InsertSingleton = new(InsertWhere + "definition_id = $2)");

    /// <summary>Only while no instance of the definition runs with the same correlation id.</summary>
    public static readonly SqlStatement InsertCorrelatedSingleton = new(
        InsertWhere + "definition_id = $2 AND correlation_id IS $8)", InsertWhere + "definition_id = $2 AND correlation_id IS NOT DISTINCT FROM $8)");

    /// <summary>Only while no instance runs with the same correlation id.</summary>
    public static readonly SqlStatement InsertCorrelated = new(InsertWhere + "correlation_id = $8)");

    /// <summary>
    /// What rows keep of a stimulus hash: half of it, 128 bits, which nobody meets twice by chance. It stands in a row
    /// and in an index of every waiting instance.
    /// </summary>
    public static string Key(string hash) => hash.Length > 32 ? hash[..32] : hash;

    public static bool IsInsert(SqlStatement statement) =>
        statement == Insert || statement == InsertSingleton || statement == InsertCorrelatedSingleton || statement == InsertCorrelated;

    /// <summary>
    /// Whether a conflict means that another server has changed the instance in between. On PostgreSQL the statements
    /// after the guarded one run before it is judged, so their keys may conflict first.
    /// </summary>
    public static bool IsStale(SqlStatement statement) =>
        statement == Update || statement == Move || statement == AddJournal || statement == AddBookmark || statement == AddOperation;

    /// <summary>Makes guarded inserts wait for each other where several committers write; SQLite has one writer.</summary>
    public static readonly SqlStatement LockActivation = new(
        "SELECT 1 WHERE $1 IS NULL AND 0", "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 7021))");

    /// <summary>$1 id, $2 revision expected.</summary>
    public static readonly SqlStatement Update = new(
        "UPDATE workflow_instances SET sub_status = $3, incident_count = $4, correlation_id = $5, name = $6, updated_at = $7, finished_at = $8, "
        + "state = $9, notify = $10, revision = revision + 1 WHERE id = $1 AND revision = $2");

    /// <summary>$1 id, $2 revision expected.</summary>
    public static readonly SqlStatement Move = new(
        "UPDATE workflow_instances SET definition_version_id = $3, definition_version = $4, updated_at = $5, state = $6, revision = revision + 1 WHERE id = $1 AND revision = $2");

    public static readonly SqlStatement AddJournal = new("INSERT INTO workflow_journal (instance_id, revision, created_at, first_sequence, chunk) VALUES ($1, $2, $3, $4, $5)");
    public static readonly SqlStatement Journal = new("SELECT chunk FROM workflow_journal WHERE instance_id = $1 ORDER BY revision");
    public static readonly SqlStatement JournalIndex = new("SELECT revision, first_sequence FROM workflow_journal WHERE instance_id = $1 ORDER BY revision");
    public static readonly SqlStatement JournalChunk = new("SELECT chunk FROM workflow_journal WHERE instance_id = $1 AND revision = $2");

    private const string Bookmark = "id, instance_id, name, hash, activity_ordinal, correlation_id, payload, options, job_id, created_at";

    public static readonly SqlStatement AddBookmark = new($"INSERT INTO workflow_bookmarks ({Bookmark}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    public static readonly SqlStatement RemoveBookmark = new("DELETE FROM workflow_bookmarks WHERE id = $1");
    public static readonly SqlStatement FindBookmark = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE id = $1");
    public static readonly SqlStatement BookmarksByHash = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE hash = $1 ORDER BY id LIMIT 1000");
    public static readonly SqlStatement BookmarksAfter = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE hash = $1 AND id > $2 ORDER BY id LIMIT 1000");
    public static readonly SqlStatement BookmarksByCorrelation = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE hash = $1 AND correlation_id = $2 AND id > $3 ORDER BY id LIMIT 1000");
    public static readonly SqlStatement BookmarksWithin = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE hash = $1 AND instance_id = $2 AND id > $3 ORDER BY id LIMIT 1000");
    /// <summary>Enough to tell none, one and several apart, and to name some.</summary>
    public static readonly SqlStatement FewBookmarksByHash = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE hash = $1 LIMIT 20");

    /// <summary>The shapes of path templates that instances have waited on.</summary>
    public static readonly SqlStatement AddRouteShape = new("INSERT INTO workflow_route_shapes (shape) VALUES ($1) ON CONFLICT DO NOTHING");
    public static readonly SqlStatement RouteShapes = new("SELECT shape FROM workflow_route_shapes");

    public static readonly SqlStatement BookmarksOfInstance = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE instance_id = $1 ORDER BY id");
    public static readonly SqlStatement WaitingByHash = new(
        "SELECT b.id, b.instance_id, i.definition_id, b.correlation_id, b.options FROM workflow_bookmarks b JOIN workflow_instances i ON i.id = b.instance_id "
        + "WHERE b.hash = $1 ORDER BY b.id LIMIT 1000");

    public static readonly SqlStatement BookmarksNamed = new($"SELECT {Bookmark} FROM workflow_bookmarks WHERE name = $1 ORDER BY id");

    public static readonly SqlStatement AddOperation = new("INSERT INTO workflow_operations (id, instance_id, job_id, request, created_at) VALUES ($1, $2, $3, $4, $5)");
    public static readonly SqlStatement RemoveOperation = new("DELETE FROM workflow_operations WHERE id = $1");
    public static readonly SqlStatement FindOperation = new("SELECT id, instance_id, job_id, request FROM workflow_operations WHERE id = $1");
    public static readonly SqlStatement OperationsOfInstance = new("SELECT id, instance_id, job_id, request FROM workflow_operations WHERE instance_id = $1");

    /// <summary>Instances that were in the middle of something when the process ended: they have work left and no job that would go on with it.</summary>
    public static readonly SqlStatement Interrupted = new(
        "SELECT id FROM workflow_instances i WHERE sub_status IN (0, 1, 6) AND NOT EXISTS (SELECT 1 FROM workflow_operations o WHERE o.instance_id = i.id) "
        + "AND updated_at < $1 AND id > $2 ORDER BY id LIMIT 1000");

    public static readonly SqlStatement RunningOfDefinition = new(
        "SELECT 1 FROM workflow_instances WHERE definition_id = $1 AND sub_status IN (0, 1, 2, 6) LIMIT 1");

    public static readonly SqlStatement RunningOfDefinitionCorrelated = new(
        "SELECT 1 FROM workflow_instances WHERE definition_id = $1 AND correlation_id IS $2 AND sub_status IN (0, 1, 2, 6) LIMIT 1",
        "SELECT 1 FROM workflow_instances WHERE definition_id = $1 AND correlation_id IS NOT DISTINCT FROM $2 AND sub_status IN (0, 1, 2, 6) LIMIT 1");

    public static readonly SqlStatement RunningCorrelated = new(
        "SELECT 1 FROM workflow_instances WHERE correlation_id = $1 AND sub_status IN (0, 1, 2, 6) LIMIT 1");

    public static readonly SqlStatement InstancesCorrelated = new(
        "SELECT id, definition_version_id FROM workflow_instances WHERE correlation_id = $1 AND sub_status IN (0, 1, 2, 6) ORDER BY id LIMIT 100");

    public static readonly SqlStatement IdsOfDefinition = new("SELECT id FROM workflow_instances WHERE definition_id = $1 LIMIT 200");
    public static readonly SqlStatement ChildrenOf = new("SELECT id FROM workflow_instances WHERE parent_id = $1");

    public static readonly SqlStatement DeleteInstance = new("DELETE FROM workflow_instances WHERE id = $1");
    public static readonly SqlStatement DeleteJournal = new("DELETE FROM workflow_journal WHERE instance_id = $1");
    public static readonly SqlStatement DeleteBookmarks = new("DELETE FROM workflow_bookmarks WHERE instance_id = $1");
    // Kept by the steps that call others over HTTP; it belongs to the instance like its journal.
    public static readonly SqlStatement DeleteExchanges = new("DELETE FROM http_exchanges WHERE instance_id = $1");
    public static readonly SqlStatement DeleteFiles = new("DELETE FROM workflow_files WHERE instance_id = $1");
    public static readonly SqlStatement DeleteOperations = new("DELETE FROM workflow_operations WHERE instance_id = $1");

    public static readonly SqlStatement AddResponse = new(
        "INSERT INTO workflow_responses (instance_id, response, expires_at) VALUES ($1, $2, $3) ON CONFLICT (instance_id) DO UPDATE SET response = $2, expires_at = $3");
    public static readonly SqlStatement FindResponse = new("SELECT response FROM workflow_responses WHERE instance_id = $1");
    public static readonly SqlStatement ExpireResponses = new("DELETE FROM workflow_responses WHERE expires_at <= $1");

    public static readonly SqlStatement AddStimulus = new("INSERT INTO workflow_stimuli (id, hash, name, request, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)");
    public static readonly SqlStatement StimuliByHash = new("SELECT id, hash, name, request FROM workflow_stimuli WHERE hash = $1 AND expires_at > $2 ORDER BY id");
    public static readonly SqlStatement TakeStimulus = new("DELETE FROM workflow_stimuli WHERE id = $1");
    public static readonly SqlStatement LastExpiry = new("SELECT max(expires_at) FROM workflow_stimuli");
    public static readonly SqlStatement ExpireStimuli = new("DELETE FROM workflow_stimuli WHERE expires_at <= $1");
}
