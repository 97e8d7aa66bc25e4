using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Automation.Expressions.JavaScript;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Graph;

namespace Automation.Workflows.Expressions;

/// <summary>A JavaScript expression or script at a node, with Elsa's functions and objects as its globals.</summary>
internal sealed class WorkflowScript
{
    private readonly CompiledScript _script;
    private readonly CompiledActivity _node;

    /// <summary>By accessor such as <c>getOrder</c>: the name of the declared variable, found when compiling.</summary>
    private readonly Dictionary<string, string> _declared = new(StringComparer.Ordinal);

    public WorkflowScript(CompiledScript script, CompiledActivity node)
    {
        _script = script;
        _node = node;
        foreach (var name in script.FreeNames)
        {
            if (IsAccessor(name) && FindDeclared(node, name[3..]) is { } variable)
                _declared[name] = variable;
        }
    }

    /// <summary>Globals that need the execution: each makes the value on first use.</summary>
    private static readonly FrozenDictionary<string, Func<ActivityContext, object?>> Contextual = new Dictionary<string, Func<ActivityContext, object?>>(StringComparer.Ordinal)
    {
        ["getVariable"] = c => Function(a => c.GetVariable(Text(a, 0))),
        ["setVariable"] = c => Function(a =>
        {
            c.SetVariable(Text(a, 0), Argument(a, 1));
            return null;
        }),
        ["getInput"] = c => Function(a => c.GetWorkflowInput(Text(a, 0))),
        ["getOutputFrom"] = c => Function(a => c.GetOutputFrom(Text(a, 0), Argument(a, 1) as string)),
        ["getLastResult"] = c => Function(_ => c.GetLastResult()),
        ["getWorkflowDefinitionId"] = c => Function(_ => c.Activity.Owner.DefinitionId),
        ["getWorkflowDefinitionVersionId"] = c => Function(_ => c.Activity.Owner.VersionId),
        ["getWorkflowDefinitionVersion"] = c => Function(_ => (long)c.Activity.Owner.Version),
        ["getWorkflowInstanceId"] = c => Function(_ => c.InstanceId),
        ["getWorkflowInstanceName"] = c => Function(_ => c.InstanceName),
        ["setWorkflowInstanceName"] = c => Function(a =>
        {
            c.InstanceName = Argument(a, 0) is { } name ? ValueConverter.ToText(name) : null;
            return null;
        }),
        ["getCorrelationId"] = c => Function(_ => c.CorrelationId),
        ["setCorrelationId"] = c => Function(a =>
        {
            c.CorrelationId = Argument(a, 0) is { } id ? ValueConverter.ToText(id) : null;
            return null;
        }),
        ["newGuid"] = c => Function(_ => NewGuid(c)),
        ["newGuidString"] = c => Function(_ => NewGuid(c).ToString("D")),
        ["getGuidString"] = c => Function(_ => NewGuid(c).ToString("D")),
        ["newShortGuid"] = c => Function(_ => ShortGuid(NewGuid(c))),
        ["getShortGuid"] = c => Function(_ => ShortGuid(NewGuid(c))),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Globals that are the same for every execution.</summary>
    private static readonly FrozenDictionary<string, object?> Common = new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["isNullOrWhiteSpace"] = Function(a => string.IsNullOrWhiteSpace(Argument(a, 0) as string)),
        ["isNullOrEmpty"] = Function(a => string.IsNullOrEmpty(Argument(a, 0) as string)),
        ["toJson"] = Function(a => JsonValues.ToText(Argument(a, 0))),
        ["parseGuid"] = Function(a => Guid.Parse(Text(a, 0))),
        ["bytesToString"] = Function(a => Argument(a, 0) is byte[] b ? Encoding.UTF8.GetString(b) : null),
        ["bytesFromString"] = Function(a => Encoding.UTF8.GetBytes(Text(a, 0))),
        ["bytesToBase64"] = Function(a => Argument(a, 0) is byte[] b ? Convert.ToBase64String(b) : null),
        ["bytesFromBase64"] = Function(a => Convert.FromBase64String(Text(a, 0))),
        ["stringToBase64"] = Function(a => Convert.ToBase64String(Encoding.UTF8.GetBytes(Text(a, 0)))),
        ["stringFromBase64"] = Function(a => Encoding.UTF8.GetString(Convert.FromBase64String(Text(a, 0)))),
        ["streamToBytes"] = Function(a => Argument(a, 0) as byte[]),
        ["streamToBase64"] = Function(a => Argument(a, 0) is byte[] b ? Convert.ToBase64String(b) : null),
        ["TimeSpan"] = ScriptTypes.TimeSpan,
        ["Guid"] = ScriptTypes.Guid,
        ["DateTime"] = ScriptTypes.DateTime,
        ["DateTimeOffset"] = ScriptTypes.DateTime,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public object? Evaluate(ActivityContext context)
    {
        VariablesObject? variables = null;
        var value = _script.Evaluate(
            new ScriptScope
            {
                Console = new ScriptConsole(context).Write,
                Resolver = (string name, out object? global) =>
                {
                    if (string.Equals(name, "variables", StringComparison.Ordinal))
                    {
                        global = variables ??= new VariablesObject(context);
                        return true;
                    }

                    return Resolve(context, name, out global);
                },
            },
            context.CancellationToken);
        variables?.WriteBack();
        return value;
    }

    internal static HostFunction Function(Func<IReadOnlyList<object?>, object?> body) => a => body(a);

    private bool Resolve(ActivityContext context, string name, out object? value)
    {
        if (Contextual.TryGetValue(name, out var make))
        {
            value = make(context);
            return true;
        }

        if (Common.TryGetValue(name, out value))
            return true;
        if (_declared.TryGetValue(name, out var variable))
        {
            value = name[0] == 'g' ? Getter(context, variable) : Setter(context, variable);
            return true;
        }

        if (IsAccessor(name))
            return ResolveAccessor(context, name, out value);
        value = null;
        return false;
    }

    /// <summary><c>getX()</c> and <c>setX(v)</c> for every variable in sight, <c>getX()</c> for every workflow input.</summary>
    private bool ResolveAccessor(ActivityContext context, string name, out object? value)
    {
        value = null;
        if (name is "setOutcome" or "setOutcomes" && context.Activity.Behavior is Activities.Primitives.RunJavaScript)
        {
            value = Function(a => SetOutcomes(context, a));
            return true;
        }

        if (name is "getItem" && context.Activity.Behavior is Activities.Composition.BulkDispatchWorkflows)
        {
            value = Function(_ => context.CurrentItem);
            return true;
        }

        var pascal = name[3..];
        var reads = name[0] == 'g';
        foreach (var variable in context.VariableNames)
        {
            if (!IsPascalOf(variable, pascal))
                continue;
            value = reads ? Getter(context, variable) : Setter(context, variable);
            return true;
        }

        if (!reads)
            return false;
        foreach (var input in _node.Owner.Inputs)
        {
            if (!IsPascalOf(input.Name, pascal))
                continue;
            value = Function(_ => context.GetWorkflowInput(input.Name));
            return true;
        }

        return false;
    }

    private static bool IsAccessor(string name) =>
        name.Length > 3 && (name.StartsWith("get", StringComparison.Ordinal) || name.StartsWith("set", StringComparison.Ordinal));

    /// <summary>The nearest declared variable whose accessors have that name.</summary>
    private static string? FindDeclared(CompiledActivity node, string pascal)
    {
        for (var n = node; n is not null && ReferenceEquals(n.Owner, node.Owner); n = n.Parent)
        {
            foreach (var variable in n.Variables)
            {
                if (IsPascalOf(variable.Name, pascal))
                    return variable.Name;
            }
        }

        return null;
    }

    private static HostFunction Getter(ActivityContext context, string variable) => _ => context.GetVariable(variable);

    private static HostFunction Setter(ActivityContext context, string variable) => a =>
    {
        SetTyped(context, variable, Argument(a, 0));
        return null;
    };

    /// <summary>As in Elsa, what cannot be the variable's type is refused, and what can is stored as it is.</summary>
    private static void SetTyped(ActivityContext context, string name, object? value)
    {
        if (context.FindDeclaredVariable(name) is { } declared)
            ValueConverter.Convert(value, declared.Type);
        context.SetVariable(name, value);
    }

    private static object? SetOutcomes(ActivityContext context, IReadOnlyList<object?> arguments)
    {
        var first = Argument(arguments, 0);
        context.ScriptOutcomes = first is IReadOnlyList<object?> list
            ? [.. list.Where(o => o is not null).Select(o => ValueConverter.ToText(o!))]
            : first is null ? [] : [ValueConverter.ToText(first)];
        return null;
    }

    private static bool IsPascalOf(string name, string pascal) =>
        name.Length == pascal.Length && name.Length > 0
        && char.ToUpperInvariant(name[0]) == pascal[0]
        && name.AsSpan(1).SequenceEqual(pascal.AsSpan(1));

    private static object? Argument(IReadOnlyList<object?> arguments, int index) => index < arguments.Count ? arguments[index] : null;

    private static string Text(IReadOnlyList<object?> arguments, int index) => Argument(arguments, index) is { } value ? ValueConverter.ToText(value) : "";

    private static Guid NewGuid(ActivityContext context) => Guid.CreateVersion7(context.Now);

    private static string ShortGuid(Guid id) => Convert.ToBase64String(id.ToByteArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary><c>variables</c>: what a script assigns reaches the workflow when the script has ended well.</summary>
    private sealed class VariablesObject(ActivityContext context) : HostObject
    {
        private Dictionary<string, object?>? _written;

        public override IEnumerable<string> Keys => context.VariableNames;

        public override bool TryGet(string name, out object? value) => context.TryGetVariable(name, out value);

        public override bool TrySet(string name, object? value)
        {
            (_written ??= new Dictionary<string, object?>(StringComparer.Ordinal))[name] = value;
            return true;
        }

        public void WriteBack()
        {
            foreach (var (name, value) in _written ?? [])
                context.SetVariable(name, value);
        }
    }
}

/// <summary>The few .NET types that scripts may call.</summary>
internal static class ScriptTypes
{
    public static HostObject TimeSpan { get; } = new Members(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["FromDays"] = Span(System.TimeSpan.FromDays),
        ["FromHours"] = Span(System.TimeSpan.FromHours),
        ["FromMinutes"] = Span(System.TimeSpan.FromMinutes),
        ["FromSeconds"] = Span(System.TimeSpan.FromSeconds),
        ["FromMilliseconds"] = Span(System.TimeSpan.FromMilliseconds),
        ["Parse"] = WorkflowScript.Function(a => System.TimeSpan.Parse(ValueConverter.ToText(a[0]!), CultureInfo.InvariantCulture)),
        ["Zero"] = System.TimeSpan.Zero,
    });

    public static HostObject Guid { get; } = new Members(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["Parse"] = WorkflowScript.Function(a => System.Guid.Parse(ValueConverter.ToText(a[0]!))),
        ["Empty"] = System.Guid.Empty,
    });

    public static HostObject DateTime { get; } = new Members(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["Parse"] = WorkflowScript.Function(a => DateTimeOffset.Parse(ValueConverter.ToText(a[0]!), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal)),
    });

    private static HostFunction Span(Func<double, System.TimeSpan> make) =>
        WorkflowScript.Function(a => make(Convert.ToDouble(a[0], CultureInfo.InvariantCulture)));

    private sealed class Members(Dictionary<string, object?> members) : HostObject
    {
        public override IEnumerable<string> Keys => members.Keys;

        public override bool TryGet(string name, out object? value) => members.TryGetValue(name, out value);
    }
}
