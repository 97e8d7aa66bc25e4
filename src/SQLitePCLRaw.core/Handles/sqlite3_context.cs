namespace SQLitePCL;

/// <summary>One call of a user function: takes its result. Valid only until that call returns.</summary>
public sealed class sqlite3_context
{
    /// <summary>
    /// Free for the function's use. An aggregate sees the same object in every step and in the final call of one group.
    /// </summary>
    public object? state;

    private nint _context;

    internal sqlite3_context()
    {
    }

    /// <exception cref="InvalidOperationException">The call is over.</exception>
    internal nint Pointer => _context != 0
        ? _context
        : throw new InvalidOperationException("A function's context is valid only until the call returns.");

    internal void Enter(nint context) => _context = context;

    internal void Leave() => _context = 0;
}
