using System.Text.Json;

namespace Automation.Workflows.Definitions;

/// <summary>Where the value of a variable lives between bursts.</summary>
public enum VariableStorage
{
    /// <summary>Only in the memory of the current burst; after a suspension the default is back.</summary>
    Memory,

    /// <summary>With the instance's state.</summary>
    Instance,
}

/// <summary>A variable declared by a workflow or by a container.</summary>
/// <param name="Id">What activities refer to; unique in its scope.</param>
/// <param name="Name">What expressions refer to.</param>
/// <param name="Type">The declared type.</param>
/// <param name="Default">The default as declared: text (JSON for objects and lists) or a JSON value; null for none.</param>
/// <param name="Storage">Where its value lives between bursts.</param>
public sealed record VariableDefinition(string Id, string Name, DataType Type, JsonElement? Default, VariableStorage Storage);

/// <summary>A declared input of a workflow.</summary>
/// <param name="Name">The name, matched without regard to case.</param>
/// <param name="Type">The declared type.</param>
/// <param name="Default">The default value; null for none.</param>
/// <param name="IsRequired">Whether starting without it is refused.</param>
/// <param name="Storage">Whether it outlives a suspension.</param>
public sealed record InputDefinition(string Name, DataType Type, JsonElement? Default, bool IsRequired, VariableStorage Storage)
{
    /// <summary>The whole declaration as written (display name, description, hints…).</summary>
    public required JsonElement Json { get; init; }
}

/// <summary>A declared output of a workflow.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The declared type.</param>
public sealed record OutputDefinition(string Name, DataType Type)
{
    /// <summary>The whole declaration as written.</summary>
    public required JsonElement Json { get; init; }
}
