using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Data;

/// <summary>Limits of the document store; bound from <c>Automation:Steps:Data</c>.</summary>
public sealed class DataOptions
{
    /// <summary>Largest document, in bytes of JSON. Default 1 MiB.</summary>
    [Range(256, 64 << 20)]
    public int MaxDocumentBytes { get; set; } = 1 << 20;

    /// <summary>How often documents past their time to live are removed; they are not seen any more before. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromMinutes(1);
}
