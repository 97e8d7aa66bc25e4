namespace Automation.Workflows.Activities;

/// <summary>How the designer treats an activity, and where it may run.</summary>
public enum ActivityKind
{
    /// <summary>Runs inside the burst.</summary>
    Action,

    /// <summary>May start a workflow, and waits for its stimulus inside one.</summary>
    Trigger,

    /// <summary>Always runs as a background job.</summary>
    Job,

    /// <summary>Runs as a background job where that is asked for.</summary>
    Task,
}

/// <summary>Names an activity type and describes it to designers. Put it on a sealed class that derives from <see cref="Activity"/>.</summary>
/// <param name="type">The type name that definitions store, such as <c>Acme.SendSms</c>; never changes once used.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class ActivityAttribute(string type) : Attribute
{
    /// <summary>The type name that definitions store.</summary>
    public string Type { get; } = type;

    /// <summary>Version of the type. Default 1.</summary>
    public int Version { get; set; } = 1;

    /// <summary>Group in the designer's picker. Default: the part of the type name before the last dot.</summary>
    public string? Category { get; set; }

    /// <summary>Name in the picker. Default: the class name in words.</summary>
    public string? DisplayName { get; set; }

    /// <summary>One sentence for the picker.</summary>
    public string? Description { get; set; }

    /// <summary>What it is. Default <see cref="ActivityKind.Action"/>.</summary>
    public ActivityKind Kind { get; set; }

    /// <summary>For <see cref="ActivityKind.Task"/>: whether it runs beside the workflow unless the definition says otherwise.</summary>
    public bool RunAsynchronously { get; set; }

    /// <summary>Whether the picker offers it. Default true.</summary>
    public bool IsBrowsable { get; set; } = true;

    /// <summary>Whether the designer opens it as a canvas.</summary>
    public bool IsContainer { get; set; }

    /// <summary>Whether it marks the start of a flowchart (no inbound port).</summary>
    public bool IsStart { get; set; }

    /// <summary>Whether the flow ends with it (no outbound port).</summary>
    public bool IsTerminal { get; set; }

    /// <summary>Category of the resilience strategies that apply, such as <c>HTTP</c>; null if it has no retries.</summary>
    public string? ResilienceCategory { get; set; }
}

/// <summary>Marks an input. On an <see cref="Input{T}"/> property the definition holds an expression; on a property of another type it holds the plain value.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InputAttribute : Attribute
{
    /// <summary>Label. Default: the property name in words.</summary>
    public string? DisplayName { get; set; }

    /// <summary>Help text.</summary>
    public string? Description { get; set; }

    /// <summary>Tab or group in the property panel; null for the first.</summary>
    public string? Category { get; set; }

    /// <summary>The editor, such as <c>singleline</c>, <c>checkbox</c>, <c>dropdown</c>, <c>multitext</c>, <c>code-editor</c>. Default: by type.</summary>
    public string? UIHint { get; set; }

    /// <summary>Value where the definition has none. A constant, or JSON text for lists and objects.</summary>
    public object? DefaultValue { get; set; }

    /// <summary>Expression syntax that the editor starts with. Default <c>Literal</c>.</summary>
    public string? DefaultSyntax { get; set; }

    /// <summary>Position among the inputs.</summary>
    public float Order { get; set; }

    /// <summary>Whether the engine evaluates it before the activity runs. Default true; false means the activity evaluates it when it wants.</summary>
    public bool AutoEvaluate { get; set; } = true;

    /// <summary>Whether the property panel shows it. Default true.</summary>
    public bool IsBrowsable { get; set; } = true;

    /// <summary>Whether the value is hidden from journals and records.</summary>
    public bool IsSensitive { get; set; }

    /// <summary>Type alias shown to designers and used for conversion. Default: by property type.</summary>
    public string? TypeName { get; set; }

    /// <summary>Choices of a dropdown or check list.</summary>
    public string[]? Options { get; set; }

    /// <summary>Name of the list that the server takes the choices of a dropdown from; see <see cref="ChoiceLists"/>.</summary>
    public string? OptionsFrom { get; set; }

    /// <summary>Outcomes that exist besides those entered, for the hint <c>dynamic-outcomes</c>.</summary>
    public string[]? FixedOutcomes { get; set; }
}

/// <summary>Marks an output on an <see cref="Output{T}"/> property.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OutputAttribute : Attribute
{
    /// <summary>Label. Default: the property name in words.</summary>
    public string? DisplayName { get; set; }

    /// <summary>Help text.</summary>
    public string? Description { get; set; }

    /// <summary>Type alias. Default: by property type.</summary>
    public string? TypeName { get; set; }

    /// <summary>Whether the output panel shows it. Default true.</summary>
    public bool IsBrowsable { get; set; } = true;

    /// <summary>Whether the value can be stored; a value that cannot is recorded as <c>(not serializable)</c>. Default true.</summary>
    public bool IsSerializable { get; set; } = true;
}

/// <summary>An outcome of an activity, drawn as an outgoing connector. Without any, <c>Done</c> is drawn.</summary>
/// <param name="name">The name that connections store.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class OutcomeAttribute(string name) : Attribute
{
    /// <summary>The name that connections store.</summary>
    public string Name { get; } = name;
}

/// <summary>Marks a property of type <see cref="Graph.CompiledActivity"/> that holds a child activity, drawn as a box inside the node.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ChildAttribute : Attribute
{
    /// <summary>Name of the port. Default: the property name.</summary>
    public string? Name { get; set; }

    /// <summary>Whether the designer shows it. Default true.</summary>
    public bool IsBrowsable { get; set; } = true;
}
