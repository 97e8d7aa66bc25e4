using System.Reflection;
using System.Text.Json;
using Automation.Workflows.Definitions;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Activities;

/// <summary>An activity type that definitions may use: its description and how nodes of it are made.</summary>
internal sealed class ActivityType
{
    private static readonly Dictionary<Type, string> Hints = new()
    {
        [typeof(bool)] = "checkbox",
        [typeof(bool?)] = "checkbox",
    };

    public ActivityType(ActivityDescriptor descriptor, Func<Activity> create)
    {
        Descriptor = descriptor;
        Create = create;
    }

    public ActivityDescriptor Descriptor { get; }

    public Func<Activity> Create { get; }

    /// <summary>In the order of <see cref="ActivityDescriptor.Inputs"/>.</summary>
    public IReadOnlyList<InputMember> Inputs { get; init; } = [];

    /// <summary>In the order of <see cref="ActivityDescriptor.Outputs"/>.</summary>
    public IReadOnlyList<OutputMember> Outputs { get; init; } = [];

    public IReadOnlyList<PropertyInfo> Children { get; init; } = [];

    /// <summary>The workflow that stands behind it, for workflows used as activities.</summary>
    public WorkflowDefinition? Workflow { get; init; }

    /// <summary>The same class under another description, which has the same inputs and outputs in the same order.</summary>
    public ActivityType As(ActivityDescriptor descriptor) => new(descriptor, Create)
    {
        Inputs = [.. Inputs.Zip(descriptor.Inputs, (member, input) => member with { Descriptor = input })],
        Outputs = Outputs,
        Children = Children,
    };

    public static ActivityType FromClass(Type type)
    {
        var about = type.GetCustomAttribute<ActivityAttribute>()
            ?? throw new ArgumentException($"{type} has no [Activity] attribute.", nameof(type));
        if (!typeof(Activity).IsAssignableFrom(type) || type.IsAbstract || type.GetConstructor(Type.EmptyTypes) is not { } constructor)
            throw new ArgumentException($"{type} must derive from Activity, not be abstract, and have a constructor without parameters.", nameof(type));

        var inputs = new List<InputMember>();
        var outputs = new List<OutputMember>();
        var children = new List<PropertyInfo>();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).OrderBy(p => p.MetadataToken))
        {
            if (property.GetCustomAttribute<InputAttribute>() is { } input)
                inputs.Add(Describe(property, input));
            else if (property.GetCustomAttribute<OutputAttribute>() is { } output)
                outputs.Add(Describe(property, output));
            else if (property.GetCustomAttribute<ChildAttribute>() is not null)
                children.Add(property);
        }

        var ports = children
            .Select(p => new PortDescriptor(PortName(p), IsEmbedded: true, p.GetCustomAttribute<ChildAttribute>()!.IsBrowsable))
            .Concat(type.GetCustomAttributes<OutcomeAttribute>().Select(o => new PortDescriptor(o.Name)))
            .ToList();
        var dot = about.Type.LastIndexOf('.');
        var marks = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (about.ResilienceCategory is { } category)
        {
            marks["Resilient"] = true;
            marks["ResilienceCategory"] = category;
        }

        return new ActivityType(
            new ActivityDescriptor
            {
                TypeName = about.Type,
                Version = about.Version,
                Category = about.Category ?? (dot > 0 ? about.Type[..dot].Split('.')[^1] : "Miscellaneous"),
                DisplayName = about.DisplayName ?? Words(about.Type[(dot + 1)..]),
                Description = about.Description,
                Kind = about.Kind,
                RunAsynchronously = about.RunAsynchronously,
                IsBrowsable = about.IsBrowsable,
                IsContainer = about.IsContainer,
                IsStart = about.IsStart,
                IsTerminal = about.IsTerminal,
                Inputs = [.. inputs.Select(i => i.Descriptor)],
                Outputs = [.. outputs.Select(o => o.Descriptor)],
                Ports = ports,
                CustomProperties = marks,
            },
            () => (Activity)constructor.Invoke(null))
        {
            Inputs = inputs,
            Outputs = outputs,
            Children = children,
        };
    }

    internal static string PortName(PropertyInfo child) => child.GetCustomAttribute<ChildAttribute>()!.Name ?? child.Name;

    private static InputMember Describe(PropertyInfo property, InputAttribute about)
    {
        var isWrapped = typeof(Input).IsAssignableFrom(property.PropertyType);
        var valueType = isWrapped ? property.PropertyType.GetGenericArguments()[0] : property.PropertyType;
        var type = about.TypeName is { } alias && valueType != typeof(object) && DataType.IsKnown(alias) ? DataType.Find(alias) : ClrTypes.DataTypeOf(valueType);
        var hint = about.UIHint ?? (about.Options is not null || about.OptionsFrom is not null ? "dropdown" : Hints.GetValueOrDefault(valueType) ?? (type.IsArray ? "multitext" : "singleline"));
        var defaultValue = ClrTypes.ToPlain(about.DefaultValue);
        if (defaultValue is string text && (type.IsArray || type.Kind is DataKind.Dictionary) && JsonValues.TryParse(text, out var parsed))
            defaultValue = parsed;
        return new InputMember(
            property,
            type,
            new InputDescriptor
            {
                Name = property.Name,
                TypeName = about.TypeName ?? AliasOf(type),
                DisplayName = about.DisplayName ?? Words(property.Name),
                Description = about.Description,
                Category = about.Category,
                UIHint = hint,
                DefaultValue = defaultValue,
                DefaultSyntax = about.DefaultSyntax,
                Order = about.Order,
                IsBrowsable = about.IsBrowsable,
                IsWrapped = isWrapped,
                AutoEvaluate = about.AutoEvaluate,
                IsSensitive = about.IsSensitive,
                OptionsFrom = about.OptionsFrom,
                UISpecifications = Specifications(hint, about),
            });
    }

    private static OutputMember Describe(PropertyInfo property, OutputAttribute about)
    {
        var type = ClrTypes.DataTypeOf(property.PropertyType.GetGenericArguments()[0]);
        return new OutputMember(
            property,
            new OutputDescriptor(property.Name, about.TypeName ?? AliasOf(type), about.DisplayName ?? Words(property.Name), about.Description)
            {
                IsBrowsable = about.IsBrowsable,
                IsSerializable = about.IsSerializable,
            });
    }

    private static string AliasOf(DataType type) => type.IsArray ? $"List<{type.Alias}>" : type.Alias;

    private static Dictionary<string, object?> Specifications(string hint, InputAttribute about)
    {
        var result = new Dictionary<string, object?>(StringComparer.Ordinal);
        switch (hint)
        {
            case "dropdown" or "radiolist" or "checklist":
                var items = (about.Options ?? [])
                    .Select(object? (o) => new Dictionary<string, object?>(StringComparer.Ordinal) { ["text"] = o.Length == 0 ? "(none)" : o, ["value"] = o })
                    .ToList();
                if (items.Count > 0)
                {
                    var list = hint switch { "dropdown" => "selectList", "radiolist" => "radioList", _ => "checkList" };
                    result[hint] = new Dictionary<string, object?>(StringComparer.Ordinal)
                    {
                        [list] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["items"] = items, ["isFlagsEnum"] = false },
                    };
                }

                break;
            case "code-editor":
                result[hint] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["language"] = "javascript" };
                break;
            case "json-editor":
                result["code-editor"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["language"] = "json" };
                break;
        }

        if (about.FixedOutcomes is { } outcomes)
            result["DynamicOutcomesOptions"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["fixedOutcomes"] = outcomes };
        return result;
    }

    /// <summary>"SendHttpRequest" to "Send Http Request".</summary>
    internal static string Words(string name)
    {
        var text = new System.Text.StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            if (i > 0 && char.IsUpper(name[i]) && (!char.IsUpper(name[i - 1]) || i + 1 < name.Length && char.IsLower(name[i + 1])))
                text.Append(' ');
            text.Append(name[i]);
        }

        return text.ToString();
    }
}

/// <summary>An input property of an activity class.</summary>
internal sealed record InputMember(PropertyInfo? Property, DataType Type, InputDescriptor Descriptor)
{
    /// <summary>Name of the JSON member.</summary>
    public string JsonName { get; } = JsonNamingPolicy.CamelCase.ConvertName(Descriptor.Name);
}

/// <summary>An output property of an activity class.</summary>
internal sealed record OutputMember(PropertyInfo? Property, OutputDescriptor Descriptor)
{
    /// <summary>Name of the JSON member.</summary>
    public string JsonName { get; } = JsonNamingPolicy.CamelCase.ConvertName(Descriptor.Name);
}
