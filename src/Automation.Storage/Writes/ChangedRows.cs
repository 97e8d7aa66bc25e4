namespace Automation.Storage.Writes;

/// <summary>How many rows a statement inside a <see cref="WriteUnit"/> changed; readable once the unit has committed.</summary>
public sealed class ChangedRows
{
    /// <summary>The rows that were inserted, updated or deleted.</summary>
    public int Count { get; internal set; }
}
