using System.Text.Json;

namespace Automation.Jobs.Serialization;

/// <summary>A stored job cannot be read; the message says what is wrong with it. The job is parked, not lost.</summary>
public sealed class JobLoadException : Exception
{
    /// <summary>Says why a job cannot be read.</summary>
    public JobLoadException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A call as Hangfire stores it: type, method, parameter types and arguments, each argument being JSON text.</summary>
internal sealed record InvocationData(string Type, string Method, IReadOnlyList<string?> ParameterTypes, IReadOnlyList<string?> Arguments, string? Queue = null)
{
    private const string NamedHead = """{"Type":"Automation.Jobs.NamedJob, Automation.Jobs","Method":"Run","ParameterTypes":"[\"System.String\",\"System.Object[], mscorlib\"]""";
    private static readonly string NamedDefault = NamedHead + "\"}";
    private static readonly InvocationData NamedShape = new("Automation.Jobs.NamedJob, Automation.Jobs", "Run", ["System.String", "System.Object[], mscorlib"], []);

    /// <summary>True for a job that is stored by registered name.</summary>
    public bool IsNamed => IsNamedType(Type) && Arguments.Count == 2;

    /// <summary>What the job is called in logs and lists.</summary>
    public string DisplayName => IsNamed ? NameOf() : $"{ShortType()}.{Method}";

    public static bool IsNamedType(string type) => type.StartsWith("Automation.Jobs.NamedJob,", StringComparison.Ordinal);

    /// <summary>The <c>InvocationData</c> column of a named job: the arguments stand only in their own column, which readers prefer.</summary>
    public static string NamedText(string? queue) => queue is null ? NamedDefault : $$"""{{NamedHead}}","Queue":{{JobJson.Quote(queue)}}}""";

    /// <summary>The <c>Arguments</c> column of a named job.</summary>
    public static string NamedArguments(string name, string argumentsJson) =>
        JobJson.Write(writer =>
        {
            writer.WriteStartArray();
            writer.WriteStringValue(JobJson.Quote(name));
            writer.WriteStringValue(argumentsJson);
            writer.WriteEndArray();
        });

    /// <summary>The form of the job tables, with the embedded copy of the arguments.</summary>
    public string LongText() => JobJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("Type", Type);
        writer.WriteString("Method", Method);
        writer.WriteString("ParameterTypes", JobJson.StringArray(ParameterTypes));
        writer.WriteString("Arguments", JobJson.StringArray(Arguments));
        if (Queue is not null)
            writer.WriteString("Queue", Queue);
        writer.WriteEndObject();
    });

    /// <summary>The form of recurring payloads.</summary>
    public string ShortText() => JobJson.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("t", Type);
        writer.WriteString("m", Method);
        WriteArray(writer, "p", ParameterTypes);
        WriteArray(writer, "a", Arguments);
        if (Queue is not null)
            writer.WriteString("q", Queue);
        writer.WriteEndObject();
    });

    /// <summary>The <c>Arguments</c> column.</summary>
    public string ArgumentsText() => JobJson.StringArray(Arguments);

    /// <summary>Reads the columns of a job.</summary>
    /// <exception cref="JobLoadException">They are damaged.</exception>
    public static InvocationData ReadJob(string? invocation, string? arguments)
    {
        try
        {
            // What this server writes itself, nearly always, need not be taken apart.
            if (invocation == NamedDefault && JobJson.ReadStringArray(arguments) is { Length: 2 } given)
                return NamedShape with { Arguments = given };
            using var document = JsonDocument.Parse(string.IsNullOrEmpty(invocation) ? "null" : invocation);
            return ReadLong(document.RootElement, arguments);
        }
        catch (JsonException e)
        {
            throw new JobLoadException($"The stored job is not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Reads the payload of a recurring job, short or long.</summary>
    /// <exception cref="JobLoadException">It is neither.</exception>
    public static InvocationData ReadPayload(string? payload)
    {
        try
        {
            using var document = JsonDocument.Parse(string.IsNullOrEmpty(payload) ? "null" : payload);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("t", out var type))
                return ReadLong(root, arguments: null);
            return new InvocationData(
                Required(type.GetString(), "t"),
                Required(Text(root, "m"), "m"),
                root.TryGetProperty("p", out var p) ? JobJson.ReadStringArray(p) : [],
                root.TryGetProperty("a", out var a) ? JobJson.ReadStringArray(a) : [],
                Text(root, "q"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new JobLoadException($"The recurring payload is not valid: {e.Message}", e);
        }
    }

    /// <summary>The registered name and the JSON texts of the arguments of a named job.</summary>
    /// <exception cref="JobLoadException">The arguments are damaged.</exception>
    public (string Name, IReadOnlyList<string> Arguments) Named()
    {
        return (NameOf(), ReadNamedArguments(Arguments[1] ?? "[]"));
    }

    /// <summary>The JSON texts of the items of a JSON array.</summary>
    /// <exception cref="JobLoadException">It is no array.</exception>
    public static IReadOnlyList<string> ReadNamedArguments(string json)
    {
        if (json == "[]")
            return [];
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                throw new JobLoadException("The arguments of a named job must be a JSON array.");
            var items = new string[document.RootElement.GetArrayLength()];
            var i = 0;
            foreach (var item in document.RootElement.EnumerateArray())
                items[i++] = item.GetRawText();
            return items;
        }
        catch (JsonException e)
        {
            throw new JobLoadException($"The arguments are not valid JSON: {e.Message}", e);
        }
    }

    private static InvocationData ReadLong(JsonElement root, string? arguments)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new JobLoadException($"The stored job must be a JSON object, found {root.ValueKind}.");
        var column = JobJson.ReadStringArray(arguments);
        return new InvocationData(
            Required(Text(root, "Type"), "Type"),
            Required(Text(root, "Method"), "Method"),
            JobJson.ReadStringArray(Text(root, "ParameterTypes")),
            column.Length > 0 ? column : JobJson.ReadStringArray(Text(root, "Arguments")),
            Text(root, "Queue"));
    }

    private static string? Text(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : throw new JobLoadException($"The stored job's {name} must be a string, found {value.ValueKind}.");
    }

    private static string Required(string? value, string name) =>
        string.IsNullOrEmpty(value) ? throw new JobLoadException($"The stored job has no {name}.") : value;

    private static void WriteArray(Utf8JsonWriter writer, string name, IReadOnlyList<string?> items)
    {
        if (items.Count == 0)
            return;
        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            if (item is null)
                writer.WriteNullValue();
            else
                writer.WriteStringValue(item);
        }

        writer.WriteEndArray();
    }

    private string NameOf()
    {
        try
        {
            return JsonSerializer.Deserialize<string>(Arguments[0] ?? "\"\"") ?? "";
        }
        catch (JsonException e)
        {
            throw new JobLoadException($"The name of a named job is not a JSON string: {e.Message}", e);
        }
    }

    private string ShortType()
    {
        var name = Type.AsSpan();
        var end = name.IndexOfAny(',', '[');
        if (end >= 0)
            name = name[..end];
        return name[(name.LastIndexOf('.') + 1)..].ToString().Replace('+', '.');
    }
}
