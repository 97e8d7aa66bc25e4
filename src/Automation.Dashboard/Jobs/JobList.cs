using Automation.Jobs;

namespace Automation.Dashboard.Jobs;

/// <summary>The lists whose jobs can be moved by hand.</summary>
/// <param name="Page">The list, as in its address below <c>/hangfire/jobs/</c>.</param>
/// <param name="State">The state that its jobs are in; null where it does not matter.</param>
/// <param name="Moves">What can be done to them.</param>
internal sealed record JobList(string Page, string? State, string[] Moves)
{
    public static IReadOnlyList<JobList> All { get; } =
    [
        new("enqueued", JobStates.Enqueued, ["delete"]),
        new("enqueued/fetched", null, ["requeue", "delete"]),
        new("scheduled", JobStates.Scheduled, ["enqueue", "delete"]),
        new("processing", JobStates.Processing, ["requeue", "delete"]),
        new("succeeded", JobStates.Succeeded, ["requeue"]),
        new("failed", JobStates.Failed, ["requeue", "delete"]),
        new("deleted", JobStates.Deleted, ["requeue"]),
        new("awaiting", JobStates.Awaiting, ["enqueue", "delete"]),
    ];

    /// <summary>A list of jobs in one state; null for any other.</summary>
    public static JobList? Of(string page) => All.FirstOrDefault(l => l.State is not null && l.Page.Equals(page, StringComparison.OrdinalIgnoreCase));

    /// <summary>What a button says.</summary>
    public string Title(string move) => (move, Page) switch
    {
        ("delete", "processing") => "Cancel and delete",
        ("delete", _) => "Delete",
        ("enqueue", _) => "Run now",
        ("requeue", "succeeded") => "Run again",
        _ => "Requeue",
    };

    /// <summary>The page of the list with a filter.</summary>
    public string Address(JobFilterText filter) =>
        Page == "enqueued" && filter.Queue is { } queue ? "/hangfire/jobs/enqueued/" + Uri.EscapeDataString(queue) : filter.Link("/hangfire/jobs/" + Page);
}
