using System.ComponentModel.DataAnnotations;

namespace Automation.Storage;

/// <summary>How the database is opened and written; bound from <c>Automation:Storage</c>.</summary>
public sealed class StorageOptions
{
    /// <summary>
    /// Units of work that may wait for a commit. More are refused, so that overload is told to senders (503) instead
    /// of growing a list without end. Default 20,000.
    /// </summary>
    [Range(16, 1_000_000)]
    public int MaxWaitingUnits { get; set; } = 20_000;

    /// <summary>Most units in one transaction. Default 1,000.</summary>
    [Range(1, 10_000)]
    public int MaxUnitsPerCommit { get; set; } = 1_000;

    /// <summary>Connections that commit at the same time on PostgreSQL; SQLite has one writer. Default 4.</summary>
    [Range(1, 64)]
    public int PostgresCommitters { get; set; } = 4;

    /// <summary>How long a commit waits for another process's lock on the SQLite file. Default 10 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
