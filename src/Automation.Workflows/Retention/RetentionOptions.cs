using System.ComponentModel.DataAnnotations;

namespace Automation.Workflows.Retention;

/// <summary>How long ended instances are kept, with all that belongs to them; bound from <c>Automation:Workflows:Retention</c>.</summary>
public sealed class RetentionOptions
{
    /// <summary>Instances and plans of alterations that ended longer ago are deleted; zero keeps them for ever. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan Age { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Ended instances beyond this number are deleted, the oldest first; zero sets no limit. Default 0.</summary>
    [Range(0, long.MaxValue)]
    public long Count { get; set; }

    /// <summary>
    /// Ended instances beyond this many bytes of state, journal, HTTP exchanges and downloaded files are deleted, the oldest first; zero
    /// sets no limit. Default 0.
    /// </summary>
    [Range(0, long.MaxValue)]
    public long MaxBytes { get; set; }

    /// <summary>When they are looked for: a cron expression. Default every 10 minutes.</summary>
    [Required]
    public string Cron { get; set; } = "*/10 * * * *";

    /// <summary>Most instances deleted in one commit; where commits take longer than 20 ms it is fewer, so that nobody waits for them. Default 50.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; set; } = 50;
}
