namespace SQLitePCL;

/// <summary>An argument of a user function. Valid only until the call returns.</summary>
public sealed class sqlite3_value
{
    private nint _value;

    internal sqlite3_value(nint value) => _value = value;

    /// <exception cref="InvalidOperationException">The call is over.</exception>
    internal nint Pointer => _value != 0
        ? _value
        : throw new InvalidOperationException("A function's arguments are valid only until the call returns.");

    internal void Leave() => _value = 0;
}
