namespace Automation.Intake.Mapping;

/// <summary>The mappings file on disk: whether it has changed since it was last looked at, by time and size, and how it is replaced.</summary>
internal sealed class MappingsFile(string path)
{
    private (DateTime Written, long Length) _seen;

    /// <summary>Whether there is one.</summary>
    public bool Exists => File.Exists(path);

    /// <summary>Takes note of how it is now.</summary>
    /// <returns>Whether it is another than at the last look, and whether it is there.</returns>
    public (bool IsNew, bool IsThere) Look()
    {
        var now = Stamp();
        var isNew = now != _seen;
        _seen = now;
        return (isNew, now != default);
    }

    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public Task<byte[]> ReadAsync(CancellationToken cancellationToken) => File.ReadAllBytesAsync(path, cancellationToken);

    /// <summary>Beside the file and then renamed: nobody ever reads half of it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task WriteAsync(byte[] content)
    {
        var next = path + ".next";
        await File.WriteAllBytesAsync(next, content, CancellationToken.None);
        File.Move(next, path, overwrite: true);
        _seen = Stamp();
    }

    private (DateTime Written, long Length) Stamp()
    {
        var info = new FileInfo(path);
        return info.Exists ? (info.LastWriteTimeUtc, info.Length) : default;
    }
}
