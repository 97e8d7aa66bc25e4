using System.Text.Json;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Activities;

/// <summary>What a designer needs to know about an activity type. <see cref="Write"/> gives Elsa's JSON form.</summary>
public sealed record ActivityDescriptor
{
    /// <summary>The type name that definitions store.</summary>
    public required string TypeName { get; init; }

    /// <summary>What the names of new nodes begin with; null for the part of the type name after the last dot.</summary>
    public string? Name { get; init; }

    /// <summary>Version of the type.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Group in the picker.</summary>
    public required string Category { get; init; }

    /// <summary>Name in the picker.</summary>
    public required string DisplayName { get; init; }

    /// <summary>One sentence for the picker.</summary>
    public string? Description { get; init; }

    /// <summary>What it is.</summary>
    public ActivityKind Kind { get; init; }

    /// <summary>Whether it runs beside the workflow unless the definition says otherwise.</summary>
    public bool RunAsynchronously { get; init; }

    /// <summary>Whether the picker offers it.</summary>
    public bool IsBrowsable { get; init; } = true;

    /// <summary>Whether the designer opens it as a canvas.</summary>
    public bool IsContainer { get; init; }

    /// <summary>Whether it marks the start of a flowchart.</summary>
    public bool IsStart { get; init; }

    /// <summary>Whether the flow ends with it.</summary>
    public bool IsTerminal { get; init; }

    /// <summary>Its inputs, in order.</summary>
    public IReadOnlyList<InputDescriptor> Inputs { get; init; } = [];

    /// <summary>Its outputs.</summary>
    public IReadOnlyList<OutputDescriptor> Outputs { get; init; } = [];

    /// <summary>Its outcomes and the places for children.</summary>
    public IReadOnlyList<PortDescriptor> Ports { get; init; } = [];

    /// <summary>Further marks, such as <c>Resilient</c>; plain values.</summary>
    public IReadOnlyDictionary<string, object?> CustomProperties { get; init; } = new Dictionary<string, object?>(StringComparer.Ordinal);

    /// <summary>Members that a new node gets; plain values.</summary>
    public IReadOnlyDictionary<string, object?> ConstructionProperties { get; init; } = new Dictionary<string, object?>(StringComparer.Ordinal);

    /// <summary>Whether it stands in for a version that does not exist, which faults the workflow when reached.</summary>
    internal bool IsMissingVersion { get; init; }

    /// <summary>Writes Elsa's JSON form.</summary>
    /// <param name="writer">Where to.</param>
    public void Write(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var dot = TypeName.LastIndexOf('.');
        writer.WriteStartObject();
        writer.WriteString("typeName", TypeName);
        writer.WriteString("namespace", dot < 0 ? "" : TypeName[..dot]);
        writer.WriteString("name", Name ?? TypeName[(dot + 1)..]);
        writer.WriteNumber("version", Version);
        writer.WriteString("category", Category);
        writer.WriteString("displayName", DisplayName);
        if (Description is not null)
            writer.WriteString("description", Description);
        writer.WriteStartArray("inputs");
        foreach (var input in Inputs)
            input.Write(writer);
        writer.WriteEndArray();
        writer.WriteStartArray("outputs");
        foreach (var output in Outputs)
            output.Write(writer);
        writer.WriteEndArray();
        writer.WriteString("kind", Kind.ToString());
        writer.WriteBoolean("runAsynchronously", RunAsynchronously);
        writer.WriteStartArray("ports");
        foreach (var port in Ports)
        {
            writer.WriteStartObject();
            writer.WriteString("name", port.Name);
            writer.WriteString("displayName", port.DisplayName ?? port.Name);
            writer.WriteString("type", port.IsEmbedded ? "Embedded" : "Flow");
            writer.WriteBoolean("isBrowsable", port.IsBrowsable);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WritePropertyName("customProperties");
        JsonValues.Write(writer, CustomProperties);
        writer.WritePropertyName("constructionProperties");
        JsonValues.Write(writer, ConstructionProperties);
        writer.WriteBoolean("isContainer", IsContainer);
        writer.WriteBoolean("isBrowsable", IsBrowsable);
        writer.WriteBoolean("isStart", IsStart);
        writer.WriteBoolean("isTerminal", IsTerminal);
        writer.WriteEndObject();
    }
}

/// <summary>An outcome of an activity, or a place for a child.</summary>
/// <param name="Name">The name that connections store.</param>
/// <param name="IsEmbedded">Whether it holds a child instead of being a connector.</param>
/// <param name="IsBrowsable">Whether the designer shows it.</param>
public sealed record PortDescriptor(string Name, bool IsEmbedded = false, bool IsBrowsable = true)
{
    /// <summary>Label; null for the name.</summary>
    public string? DisplayName { get; init; }
}

/// <summary>An input as designers see it.</summary>
public sealed record InputDescriptor
{
    /// <summary>PascalCased name; the JSON property is camelCased.</summary>
    public required string Name { get; init; }

    /// <summary>Type alias.</summary>
    public required string TypeName { get; init; }

    /// <summary>Label.</summary>
    public required string DisplayName { get; init; }

    /// <summary>Help text.</summary>
    public string? Description { get; init; }

    /// <summary>Tab or group; null for the first.</summary>
    public string? Category { get; init; }

    /// <summary>The editor.</summary>
    public string UIHint { get; init; } = "singleline";

    /// <summary>Value where the definition has none; plain, or null.</summary>
    public object? DefaultValue { get; init; }

    /// <summary>Syntax that the editor starts with; null for Literal.</summary>
    public string? DefaultSyntax { get; init; }

    /// <summary>Position.</summary>
    public float Order { get; init; }

    /// <summary>Whether it is shown.</summary>
    public bool IsBrowsable { get; init; } = true;

    /// <summary>Whether the definition holds an expression rather than a plain value.</summary>
    public bool IsWrapped { get; init; } = true;

    /// <summary>Whether the engine evaluates it beforehand.</summary>
    public bool AutoEvaluate { get; init; } = true;

    /// <summary>Whether its value is kept out of journals.</summary>
    public bool IsSensitive { get; init; }

    /// <summary>Whether it comes from a workflow's declaration rather than from a class.</summary>
    public bool IsSynthetic { get; init; }

    /// <summary>Name of the list that the choices come from; null where there is none.</summary>
    public string? OptionsFrom { get; init; }

    /// <summary>What the editor needs, keyed by hint; plain values.</summary>
    public IReadOnlyDictionary<string, object?> UISpecifications { get; init; } = new Dictionary<string, object?>(StringComparer.Ordinal);

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        writer.WriteString("typeName", TypeName);
        writer.WriteString("displayName", DisplayName);
        if (Description is not null)
            writer.WriteString("description", Description);
        writer.WriteNumber("order", Order);
        writer.WriteBoolean("isBrowsable", IsBrowsable);
        writer.WriteBoolean("isSerializable", true);
        writer.WriteBoolean("isSynthetic", IsSynthetic);
        writer.WriteBoolean("isWrapped", IsWrapped);
        writer.WriteString("uiHint", UIHint);
        if (Category is not null)
            writer.WriteString("category", Category);
        if (DefaultValue is not null)
        {
            writer.WritePropertyName("defaultValue");
            JsonValues.Write(writer, DefaultValue);
        }

        if (DefaultSyntax is not null)
            writer.WriteString("defaultSyntax", DefaultSyntax);
        writer.WriteBoolean("isReadOnly", false);
        writer.WriteBoolean("isSensitive", IsSensitive);
        writer.WriteBoolean("autoEvaluate", AutoEvaluate);
        writer.WritePropertyName("uiSpecifications");
        JsonValues.Write(writer, UISpecifications);
        writer.WriteEndObject();
    }
}

/// <summary>An output as designers see it.</summary>
/// <param name="Name">PascalCased name; the JSON property is camelCased.</param>
/// <param name="TypeName">Type alias.</param>
/// <param name="DisplayName">Label.</param>
/// <param name="Description">Help text; null for none.</param>
public sealed record OutputDescriptor(string Name, string TypeName, string DisplayName, string? Description = null)
{
    /// <summary>Whether it is shown.</summary>
    public bool IsBrowsable { get; init; } = true;

    /// <summary>Whether its value can be stored.</summary>
    public bool IsSerializable { get; init; } = true;

    /// <summary>Whether it comes from a workflow's declaration rather than from a class.</summary>
    public bool IsSynthetic { get; init; }

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Name);
        writer.WriteString("typeName", TypeName);
        writer.WriteString("displayName", DisplayName);
        if (Description is not null)
            writer.WriteString("description", Description);
        writer.WriteNumber("order", 0);
        writer.WriteBoolean("isBrowsable", IsBrowsable);
        if (!IsSerializable)
            writer.WriteBoolean("isSerializable", false);
        writer.WriteBoolean("isSynthetic", IsSynthetic);
        writer.WriteEndObject();
    }
}
