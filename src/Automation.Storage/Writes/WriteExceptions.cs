namespace Automation.Storage.Writes;

/// <summary>
/// A unit did not commit because the data was not as it expected: a guarded statement did not change exactly one row,
/// or a constraint was violated. Nothing of the unit was stored; other units are not affected.
/// </summary>
public sealed class WriteConflictException : Exception
{
    internal WriteConflictException(SqlStatement statement, string reason, Exception? inner = null)
        : base($"{reason}: {statement}", inner) => Statement = statement;

    /// <summary>The statement that did not hold: compare with the one that was added.</summary>
    public SqlStatement Statement { get; }
}

/// <summary>
/// A unit did not commit because the database could not take it: too many units are waiting, the disk is full, the
/// server is away. Nothing of the unit was stored. The caller may try again later; HTTP answers 503.
/// </summary>
public sealed class StorageUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A statement is wrong in itself (a defect in this program). Nothing of its unit was stored.</summary>
public sealed class StorageException(string message, Exception? inner = null) : Exception(message, inner);
