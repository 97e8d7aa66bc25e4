using System.Text.Json;
using System.Text.Json.Nodes;

namespace Automation.Workflows.Definitions;

/// <summary>
/// One version of a workflow, in Elsa 3's JSON form. The JSON document itself is the model: the properties here are views
/// on it, so members that nobody here knows, and activities of unknown types, are written back as they were read.
/// Not safe for concurrent change; treat a published definition as read-only.
/// </summary>
public sealed class WorkflowDefinition
{
    /// <summary>Largest definition accepted by <see cref="Parse(ReadOnlySpan{byte})"/>, in bytes: 16 MiB.</summary>
    public const int MaxJsonBytes = 16 * 1024 * 1024;

    private static readonly JsonDocumentOptions DocumentOptions = new()
    {
        MaxDepth = 512,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
    };

    /// <summary>Wraps a JSON object; it is not copied.</summary>
    /// <param name="json">The definition's JSON object.</param>
    /// <exception cref="DefinitionException">A member has a JSON type that it cannot have.</exception>
    public WorkflowDefinition(JsonObject json)
    {
        ArgumentNullException.ThrowIfNull(json);
        Json = json;
        var problems = DefinitionShape.Check(json);
        if (problems.Count > 0)
            throw new DefinitionException(problems);
    }

    /// <summary>The whole document.</summary>
    public JsonObject Json { get; }

    /// <summary>Id of this version; null before the first save.</summary>
    public string? Id { get => Text("id"); set => Set("id", value); }

    /// <summary>Id of the definition, the same for all its versions; null before the first save.</summary>
    public string? DefinitionId { get => Text("definitionId"); set => Set("definitionId", value); }

    /// <summary>Name for people.</summary>
    public string? Name { get => Text("name"); set => Set("name", value); }

    /// <summary>Description for people.</summary>
    public string? Description { get => Text("description"); set => Set("description", value); }

    /// <summary>Version number, from 1.</summary>
    public int Version { get => Number("version") ?? 1; set => Set("version", value); }

    /// <summary>Version of the tool that wrote it.</summary>
    public string? ToolVersion { get => Text("toolVersion"); set => Set("toolVersion", value); }

    /// <summary>When this version was made; null where missing or unreadable.</summary>
    public DateTimeOffset? CreatedAt
    {
        get => Json["createdAt"] is JsonValue v && v.TryGetValue(out DateTimeOffset at) ? at : null;
        set => Set("createdAt", value);
    }

    /// <summary>Whether this is the newest version.</summary>
    public bool IsLatest { get => Flag("isLatest"); set => Set("isLatest", value); }

    /// <summary>Whether this is the published version.</summary>
    public bool IsPublished { get => Flag("isPublished"); set => Set("isPublished", value); }

    /// <summary>Whether changes are refused.</summary>
    public bool IsReadonly { get => Flag("isReadonly"); set => Set("isReadonly", value); }

    /// <summary>Whether it belongs to the system and is hidden from lists.</summary>
    public bool IsSystem { get => Flag("isSystem"); set => Set("isSystem", value); }

    /// <summary>The root activity; null if there is none.</summary>
    public JsonObject? Root => Json["root"] as JsonObject;

    /// <summary>Free members of the workflow; null if there are none.</summary>
    public JsonObject? CustomProperties => Json["customProperties"] as JsonObject;

    /// <summary>Type name of the activation strategy; null means always.</summary>
    public string? ActivationStrategyType => Option("activationStrategyType");

    /// <summary>Type name of the incident strategy; null means the host's default.</summary>
    public string? IncidentStrategyType => Option("incidentStrategyType");

    /// <summary>Name of the commit strategy; null means at the end of each burst only.</summary>
    public string? CommitStrategyName => Option("commitStrategyName");

    /// <summary>Whether it may be used as an activity of other workflows.</summary>
    public bool UsableAsActivity =>
        Json["options"] is JsonObject o && o["usableAsActivity"] is JsonValue v && v.TryGetValue(out bool usable)
            ? usable
            : Flag("usableAsActivity");

    /// <summary>Whether publishing it moves the workflows that use it as an activity to the new version.</summary>
    public bool AutoUpdateConsumingWorkflows => Json["options"] is JsonObject o && o["autoUpdateConsumingWorkflows"] is JsonValue v && v.TryGetValue(out bool b) && b;

    /// <summary>Category in which it is offered as an activity; null means <c>Workflows</c>.</summary>
    public string? ActivityCategory => Option("activityCategory");

    /// <summary>Outcomes that it may complete with when used as an activity.</summary>
    public IReadOnlyList<string> Outcomes =>
        Json["outcomes"] is JsonArray list ? [.. list.OfType<JsonValue>().Select(v => v.TryGetValue(out string? s) ? s : null).OfType<string>()] : [];

    /// <summary>The workflow's own variables.</summary>
    public IReadOnlyList<VariableDefinition> Variables => DeclarationReader.Variables(Json["variables"]);

    /// <summary>The declared inputs.</summary>
    public IReadOnlyList<InputDefinition> Inputs => DeclarationReader.Inputs(Json["inputs"]);

    /// <summary>The declared outputs.</summary>
    public IReadOnlyList<OutputDefinition> Outputs => DeclarationReader.Outputs(Json["outputs"]);

    /// <summary>Reads a definition from UTF-8 JSON.</summary>
    /// <param name="utf8Json">A definition object; a byte order mark is skipped.</param>
    /// <returns>The definition, nodeIds as read.</returns>
    /// <exception cref="DefinitionException">Not JSON, not an object, too large, or a member has a JSON type that it cannot have. Lists every problem.</exception>
    public static WorkflowDefinition Parse(ReadOnlySpan<byte> utf8Json)
    {
        if (utf8Json.Length > MaxJsonBytes)
            throw DefinitionException.Single($"The definition has {utf8Json.Length} bytes; at most {MaxJsonBytes} are accepted.");
        if (utf8Json.StartsWith("\uFEFF"u8))
            utf8Json = utf8Json[3..];
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(utf8Json, null, DocumentOptions);
        }
        catch (JsonException e)
        {
            throw DefinitionException.Single($"Not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {e.Message}");
        }

        return node is JsonObject o
            ? new WorkflowDefinition(o)
            : throw DefinitionException.Single("A definition must be a JSON object.");
    }

    /// <summary>Reads a definition from JSON text.</summary>
    /// <param name="json">A definition object.</param>
    /// <returns>The definition, nodeIds as read.</returns>
    /// <exception cref="DefinitionException">As for <see cref="Parse(ReadOnlySpan{byte})"/>.</exception>
    public static WorkflowDefinition Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Parse(System.Text.Encoding.UTF8.GetBytes(json));
    }

    /// <summary>A copy that shares nothing with this one.</summary>
    public WorkflowDefinition Clone() => new(Json.DeepClone().AsObject());

    /// <summary>Writes <c>nodeId</c> of every activity anew from the ids of its ancestors, as Elsa does on load and save.</summary>
    public void UpdateNodeIds() => ActivityTree.UpdateNodeIds(this);

    /// <summary>The document as compact UTF-8 JSON.</summary>
    public byte[] ToUtf8Json()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonValues.WriterOptions))
            Json.WriteTo(writer);
        return stream.ToArray();
    }

    /// <summary>The document as compact JSON text.</summary>
    public string ToJson() => System.Text.Encoding.UTF8.GetString(ToUtf8Json());

    private string? Option(string name) =>
        Json["options"] is JsonObject o && o[name] is JsonValue v && v.TryGetValue(out string? s) && !string.IsNullOrWhiteSpace(s) ? s : null;

    private string? Text(string name) => Json[name] is JsonValue v && v.TryGetValue(out string? s) ? s : null;

    private int? Number(string name) => Json[name] is JsonValue v && v.TryGetValue(out int n) ? n : null;

    private bool Flag(string name) => Json[name] is JsonValue v && v.TryGetValue(out bool b) && b;

    private void Set<T>(string name, T value) => Json[name] = value is null ? null : JsonValue.Create(value);
}
