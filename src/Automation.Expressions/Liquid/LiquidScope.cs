namespace Automation.Expressions.Liquid;

/// <summary>Finds the value of a root name that <see cref="LiquidScope"/> does not hold. Asked at most once per name and rendering.</summary>
/// <param name="name">The name as written in the template; case counts.</param>
/// <param name="value">The value found.</param>
/// <returns>False where the name does not exist.</returns>
public delegate bool LiquidResolver(string name, out object? value);

/// <summary>
/// What a template can see. Values are null, <see cref="bool"/>, numbers, <see cref="string"/>,
/// <see cref="DateTimeOffset"/>, <see cref="Guid"/>, <see cref="TimeSpan"/>, <c>byte[]</c>,
/// <see cref="System.Text.Json.JsonElement"/>, <see cref="System.Text.Json.Nodes.JsonNode"/> (both read lazily),
/// <c>IReadOnlyDictionary&lt;string, object?&gt;</c>, <c>IReadOnlyList&lt;object?&gt;</c> and <see cref="LiquidObject"/>.
/// A template never changes them.
/// </summary>
/// <param name="values">Named root values.</param>
/// <param name="resolver">Asked for names that <paramref name="values"/> does not hold.</param>
public sealed class LiquidScope(IReadOnlyDictionary<string, object?>? values = null, LiquidResolver? resolver = null)
{
    /// <summary>A scope without values.</summary>
    public static LiquidScope Empty { get; } = new();

    internal bool TryGet(string name, out object? value)
    {
        if (values is not null && values.TryGetValue(name, out value))
            return true;
        if (resolver is not null)
            return resolver(name, out value);
        value = null;
        return false;
    }
}

/// <summary>An object of the host whose properties a template reads by name, each only when it is asked for.</summary>
public abstract class LiquidObject
{
    /// <summary>Reads one property.</summary>
    /// <param name="name">The name as written in the template; case counts.</param>
    /// <param name="value">The value, of a kind named at <see cref="LiquidScope"/>.</param>
    /// <returns>False where there is no such property.</returns>
    public abstract bool TryGet(string name, out object? value);

    /// <summary>The names to list when the template loops over the object, or asks for its <c>keys</c>, <c>size</c> or <c>json</c>. Default none.</summary>
    public virtual IEnumerable<string> Names => [];

    /// <summary>
    /// The object to list instead, for one whose properties can be listed but not asked for by name. Default null: the object itself.
    /// </summary>
    public virtual object? Listed => null;
}
