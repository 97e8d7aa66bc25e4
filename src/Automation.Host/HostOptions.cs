using System.ComponentModel.DataAnnotations;

namespace Automation.Host;

/// <summary>What the whole server shares; bound from <c>Automation</c>.</summary>
public sealed class HostOptions
{
    /// <summary>
    /// Where the default database and the keys live, relative to the directory of <c>appsettings.json</c>. Default <c>data</c>.
    /// </summary>
    [Required]
    public string DataDirectory { get; set; } = "data";

    /// <summary>
    /// A fixed administrator key, best given as the environment variable <c>Automation__AdminKey</c>. Without it the first
    /// start makes one and prints it once. At least 16 characters.
    /// </summary>
    [MinLength(16)]
    public string? AdminKey { get; set; }
}
