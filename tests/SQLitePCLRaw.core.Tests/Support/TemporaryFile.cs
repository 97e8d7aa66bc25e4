namespace SQLitePCL.Tests.Support;

/// <summary>A path for a database file; what SQLite put there and beside it goes away at the end.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(
        System.IO.Path.GetTempPath(), "binding-" + System.IO.Path.GetRandomFileName() + ".db");

    public void Dispose()
    {
        foreach (var suffix in (string[])["", "-wal", "-shm", "-journal"])
            File.Delete(Path + suffix);
    }
}
