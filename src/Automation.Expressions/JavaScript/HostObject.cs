namespace Automation.Expressions.JavaScript;

/// <summary>
/// A function that scripts may call. Arguments and result are plain values (see <see cref="CompiledScript"/>); missing arguments are simply not
/// in the list. An exception that is not an <see cref="ExpressionException"/> or a cancellation becomes an <c>Error</c> the script can catch. A returned
/// <see cref="Task{TResult}"/> of <see cref="object"/> becomes a promise.
/// </summary>
/// <param name="arguments">The arguments of the call.</param>
public delegate object? HostFunction(IReadOnlyList<object?> arguments);

/// <summary>
/// An object whose properties are read from and written to the host, one by one, as the script uses them. Each property is asked for at
/// most once per evaluation. A value that the script changed inside (<c>variables.order.lines.push(…)</c>) is given to
/// <see cref="TrySet"/> once more when the evaluation ends well.
/// </summary>
public abstract class HostObject
{
    /// <summary>Names that the script sees when it enumerates the object. Default: none.</summary>
    public virtual IEnumerable<string> Keys => [];

    /// <summary>Reads a property.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="value">A plain value, a <see cref="HostFunction"/> or a <see cref="HostObject"/>.</param>
    /// <returns>False if there is no such property: the script sees <c>undefined</c>.</returns>
    public abstract bool TryGet(string name, out object? value);

    /// <summary>Writes a property.</summary>
    /// <param name="name">The property's name.</param>
    /// <param name="value">The new value, as a plain value.</param>
    /// <returns>False if it may not be written (the default): strict code then gets a TypeError.</returns>
    public virtual bool TrySet(string name, object? value) => false;

    /// <summary>Deletes a property.</summary>
    /// <param name="name">The property's name.</param>
    /// <returns>False if it may not be deleted (the default).</returns>
    public virtual bool TryDelete(string name) => false;
}
