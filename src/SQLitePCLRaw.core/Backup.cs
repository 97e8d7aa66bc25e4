namespace SQLitePCL;

public static partial class raw
{
    /// <summary>Begins to copy one database over another while both stay in use.</summary>
    /// <param name="destDb">Connection that is written to.</param>
    /// <param name="destName">Name of the database there, for example <c>main</c>.</param>
    /// <param name="sourceDb">Connection that is read; not the same one.</param>
    /// <param name="sourceName">Name of the database there.</param>
    /// <returns>The backup; invalid on failure, which <paramref name="destDb"/>'s error code then explains.</returns>
    public static sqlite3_backup sqlite3_backup_init(sqlite3 destDb, string destName, sqlite3 sourceDb, string sourceName)
    {
        var backup = new sqlite3_backup();
        var pointer = NativeMethods.sqlite3_backup_init(destDb, destName, sourceDb, sourceName);
        if (pointer != 0)
            backup.Initialize(pointer, destDb, sourceDb);
        return backup;
    }

    /// <summary>Copies some pages.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="nPage">How many; negative for all that are left.</param>
    /// <returns>
    /// <see cref="SQLITE_DONE"/> when complete, <see cref="SQLITE_OK"/> while pages are left, or an error code;
    /// <see cref="SQLITE_BUSY"/> and <see cref="SQLITE_LOCKED"/> may be tried again.
    /// </returns>
    public static int sqlite3_backup_step(sqlite3_backup backup, int nPage) =>
        // The C function does not look at what it is given.
        backup.IsInvalid ? SQLITE_MISUSE : NativeMethods.sqlite3_backup_step(backup, nPage);
}
