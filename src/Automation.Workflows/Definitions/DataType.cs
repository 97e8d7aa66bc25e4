namespace Automation.Workflows.Definitions;

/// <summary>What a type alias of a definition stands for.</summary>
public enum DataKind
{
    /// <summary>Anything; values pass unchanged.</summary>
    Object,

    /// <summary>Text.</summary>
    String,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Whole number of 16 bits.</summary>
    Int16,

    /// <summary>Whole number of 32 bits.</summary>
    Int32,

    /// <summary>Whole number of 64 bits.</summary>
    Int64,

    /// <summary>Floating point number of single precision.</summary>
    Single,

    /// <summary>Floating point number of double precision.</summary>
    Double,

    /// <summary>Decimal number.</summary>
    Decimal,

    /// <summary>A UUID.</summary>
    Guid,

    /// <summary>Date and time without an offset; taken as UTC.</summary>
    DateTime,

    /// <summary>Date and time with an offset.</summary>
    DateTimeOffset,

    /// <summary>A duration.</summary>
    TimeSpan,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>A JSON document: text is parsed.</summary>
    Json,

    /// <summary>A dictionary from text to anything: text is parsed as a JSON object.</summary>
    Dictionary,

    /// <summary>HTTP headers: a dictionary from names to lists of text.</summary>
    Headers,

    /// <summary>An HTTP status: a name such as <c>Created</c>, or a number that has none.</summary>
    HttpStatus,

    /// <summary>An absolute or relative address, kept as text.</summary>
    Uri,

    /// <summary>One name out of a fixed set.</summary>
    Enum,
}

/// <summary>A type as definitions name it, such as <c>String</c>, <c>Int32?</c>, <c>Object[]</c> or <c>List&lt;String&gt;</c>. Names come from a fixed table; none is ever turned into a .NET type.</summary>
public sealed class DataType
{
    private static readonly Dictionary<string, DataKind> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Object"] = DataKind.Object,
        ["String"] = DataKind.String,
        ["Boolean"] = DataKind.Boolean,
        ["Bool"] = DataKind.Boolean,
        ["Int16"] = DataKind.Int16,
        ["Int32"] = DataKind.Int32,
        ["Int"] = DataKind.Int32,
        ["Int64"] = DataKind.Int64,
        ["Long"] = DataKind.Int64,
        ["Single"] = DataKind.Single,
        ["Float"] = DataKind.Single,
        ["Double"] = DataKind.Double,
        ["Decimal"] = DataKind.Decimal,
        ["Guid"] = DataKind.Guid,
        ["DateTime"] = DataKind.DateTime,
        ["DateTimeOffset"] = DataKind.DateTimeOffset,
        ["TimeSpan"] = DataKind.TimeSpan,
        ["ByteArray"] = DataKind.Bytes,
        ["Stream"] = DataKind.Bytes,
        ["JSON"] = DataKind.Json,
        ["ExpandoObject"] = DataKind.Json,
        ["JsonElement"] = DataKind.Json,
        ["JsonNode"] = DataKind.Json,
        ["JsonObject"] = DataKind.Json,
        ["JsonArray"] = DataKind.Json,
        ["StringDictionary"] = DataKind.Dictionary,
        ["ObjectDictionary"] = DataKind.Dictionary,
        ["StringMap"] = DataKind.Dictionary,
        ["ObjectMap"] = DataKind.Dictionary,
        ["HttpHeaders"] = DataKind.Headers,
        ["HttpRouteData"] = DataKind.Dictionary,
        ["Uri"] = DataKind.Uri,
        ["HttpStatusCode"] = DataKind.HttpStatus,
    };

    /// <summary>The type that takes anything.</summary>
    public static DataType Object { get; } = new("Object", DataKind.Object, isArray: false, null);

    internal DataType(string alias, DataKind kind, bool isArray, IReadOnlyList<string>? names)
    {
        Alias = alias;
        Kind = kind;
        IsArray = isArray;
        Names = names;
    }

    /// <summary>The name as written.</summary>
    public string Alias { get; }

    /// <summary>What one element (or the value, if not an array) is.</summary>
    public DataKind Kind { get; }

    /// <summary>Whether a list of such values is meant.</summary>
    public bool IsArray { get; }

    /// <summary>For <see cref="DataKind.Enum"/>: the allowed names, in order of their numbers from 0; else null.</summary>
    public IReadOnlyList<string>? Names { get; }

    /// <summary>Whether <paramref name="alias"/> is a name of the fixed table.</summary>
    /// <param name="alias">A type name; null and empty are not known.</param>
    public static bool IsKnown(string? alias)
    {
        var (name, _) = Strip(alias);
        return name.Length > 0 && (Kinds.ContainsKey(name) || ShortName(name) is { } s && (Kinds.ContainsKey(s) || HttpNames.Contains(s)));
    }

    /// <summary>Looks a name up, ignoring case. An unknown or missing name means <c>Object</c>.</summary>
    /// <param name="alias">Such as <c>Int32</c>, <c>Int32?</c>, <c>String[]</c>, <c>List&lt;String&gt;</c> or <c>System.Uri, System.Private.Uri</c>.</param>
    /// <param name="isArray">Whether a list is meant although the name does not say so.</param>
    public static DataType Find(string? alias, bool isArray = false)
    {
        var (name, array) = Strip(alias);
        var kind = DataKind.Object;
        if (!Kinds.TryGetValue(name, out kind) && ShortName(name) is { } shortName)
            Kinds.TryGetValue(shortName, out kind);
        return kind == DataKind.Object && !array && !isArray ? Object : new DataType(alias ?? "Object", kind, array || isArray, null);
    }

    internal static DataType OfEnum(string alias, params string[] names) => new(alias, DataKind.Enum, isArray: false, names);

    private static readonly HashSet<string> HttpNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "HttpRequest", "HttpResponse", "HttpResponseMessage", "IFormFile", "FormFile", "HttpFile", "Downloadable", "LogPersistenceMode",
    };

    private static (string Name, bool IsArray) Strip(string? alias)
    {
        if (string.IsNullOrWhiteSpace(alias))
            return ("", false);
        var name = alias.Trim();
        var array = false;
        while (true)
        {
            if (name.EndsWith("[]", StringComparison.Ordinal))
                (name, array) = (name[..^2], true);
            else if (name.EndsWith('?'))
                name = name[..^1];
            else if (name.EndsWith('>') && name.IndexOf('<', StringComparison.Ordinal) is var open and > 0)
                (name, array) = (name[(open + 1)..^1], true);
            else
                return (name, array);
        }
    }

    private static string? ShortName(string name)
    {
        var end = name.IndexOf(',', StringComparison.Ordinal);
        var full = end < 0 ? name : name[..end];
        var dot = full.LastIndexOf('.');
        return dot < 0 ? (end < 0 ? null : full) : full[(dot + 1)..];
    }
}
