namespace Automation.Expressions.JavaScript;

/// <summary>Looks up a global that was not registered by name, when a script first uses it.</summary>
/// <param name="name">The name the script uses.</param>
/// <param name="value">A plain value, a <see cref="HostFunction"/> or a <see cref="HostObject"/>.</param>
/// <returns>False if the host has no such global.</returns>
public delegate bool ScriptResolver(string name, out object? value);

/// <summary>
/// The globals of one evaluation. A scope costs next to nothing to make; what is not used by a script is never converted. A name given here
/// hides a built-in of the same name. Not for use by two evaluations at the same time.
/// </summary>
public sealed class ScriptScope
{
    private readonly Dictionary<string, object?> _values = [];

    /// <summary>Asked for names that were not set, before the built-ins are.</summary>
    public ScriptResolver? Resolver { get; init; }

    /// <summary>Receives what <c>console.log</c> and its kin write: the level ("log", "info", "warn", "error" or "debug") and the text.</summary>
    public Action<string, string>? Console { get; init; }

    /// <summary>Registers a global.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">A plain value (see <see cref="CompiledScript"/>), a <see cref="HostFunction"/> or a <see cref="HostObject"/>.</param>
    /// <returns>This scope.</returns>
    public ScriptScope Set(string name, object? value)
    {
        _values[name] = value;
        return this;
    }

    /// <summary>Registers a global function.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="function">What it does.</param>
    /// <returns>This scope.</returns>
    public ScriptScope SetFunction(string name, HostFunction function) => Set(name, function);

    internal bool TryResolve(string name, out object? value) =>
        _values.TryGetValue(name, out value) || (Resolver is not null && Resolver(name, out value));
}
