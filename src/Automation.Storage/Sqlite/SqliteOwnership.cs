using Automation.Storage.Writes;

namespace Automation.Storage.Sqlite;

/// <summary>
/// One server per SQLite file: two would each believe to be the only one that claims jobs and routes events. The
/// operating system lets go of the lock when a process ends, however it ends. Readers and a genuine Hangfire are not kept out.
/// </summary>
internal static class SqliteOwnership
{
    public static FileStream Take(string databaseFile)
    {
        try
        {
            return new FileStream(databaseFile + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new StorageUnavailableException(
                $"Another server is using {databaseFile}. Stop it, give this one its own Automation:DataDirectory, or use PostgreSQL for several nodes.", e);
        }
    }
}
