using System.ComponentModel.DataAnnotations;

namespace Automation.Workflows;

/// <summary>How workflows are loaded and run; bound from <c>Automation:Workflows</c>.</summary>
public sealed class WorkflowOptions
{
    /// <summary>
    /// The directory whose <c>*.json</c> files are published at start and when they change; relative to the content
    /// root. Empty loads nothing. Default <c>workflows</c>.
    /// </summary>
    public string Directory { get; set; } = "workflows";

    /// <summary>
    /// Whether definitions that come from files may be changed through the API; publishing one then writes its file
    /// too. Default false: they are read-only.
    /// </summary>
    public bool AllowEditing { get; set; }

    /// <summary>Pause after the last change of a file before it is read, so that an editor can finish saving. Default 250 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan ReloadDelay { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Bursts that one call runs one after another while an instance commits in between and has work left; then it
    /// makes way for others. Default 10,000.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MaxBursts { get; set; } = 10_000;

    /// <summary>
    /// States of recently committed instances that are kept in memory, to spare reading them again; ten times as many, as far
    /// as they are small, of those with jobs under way. Default 2,000.
    /// </summary>
    [Range(0, 1_000_000)]
    public int HotInstances { get; set; } = 2_000;

    /// <summary>
    /// Most instances whose lists are answered from memory while someone looks at long ones; some 110 bytes each. Where there
    /// are more, the database answers alone; so it does for 0. Default 3,000,000.
    /// </summary>
    [Range(0, 20_000_000)]
    public int InstancesInMemory { get; set; } = 3_000_000;

    /// <summary>Compiled definitions that are kept in memory. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int CompiledDefinitions { get; set; } = 1_000;

    /// <summary>How long a stimulus that nothing waited for is kept for a bookmark that may come. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "7.00:00:00")]
    public TimeSpan StimulusTimeToLive { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How often the work of a background activity is tried in all while it throws; then the activity faults. Default 4:
    /// again after 1, 5 and 30 seconds.
    /// </summary>
    [Range(1, 100)]
    public int ActivityAttempts { get; set; } = DefaultActivityAttempts;

    internal const int DefaultActivityAttempts = 4;

    /// <summary>How long whoever executes a workflow waits for its background work. Default 100 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ExecuteTimeout { get; set; } = TimeSpan.FromSeconds(100);
}
