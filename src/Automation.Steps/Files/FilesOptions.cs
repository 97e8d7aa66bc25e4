using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Files;

/// <summary>The one folder that file steps write to and read from; bound from <c>Automation:Steps:Files</c>.</summary>
public sealed class FilesOptions
{
    /// <summary>The folder. Default: <c>files</c> in the data directory.</summary>
    public string Directory { get; set; } = "files";

    /// <summary>Largest file, in bytes; what would make it larger is not appended. Default 100 MiB.</summary>
    [Range(1024, 1L << 40)]
    public long MaxFileBytes { get; set; } = 100L << 20;

    /// <summary>Most rows that a step reads. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int MaxRows { get; set; } = 1000;
}
