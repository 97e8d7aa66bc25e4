using Automation.Jobs;

namespace Automation.Dashboard.Jobs;

/// <summary>The lists whose jobs can be moved by hand.</summary>
/// <param name="Page">The list, as in the addresses of its buttons below <c>/hangfire/jobs/</c>.</param>
/// <param name="State">The state that its jobs are in; null where it does not matter.</param>
/// <param name="Moves">What can be done to them.</param>
internal sealed record JobList(string Page, string? State, string[] Moves)
{
    private const string Fetched = "fetched";
    private const string Retries = "retries";

    public static IReadOnlyList<JobList> All { get; } =
    [
        new("enqueued", JobStates.Enqueued, ["delete"]),
        new("enqueued/" + Fetched, null, ["requeue", "delete"]),
        new("scheduled", JobStates.Scheduled, ["enqueue", "delete"]),
        new("processing", JobStates.Processing, ["requeue", "delete"]),
        new("succeeded", JobStates.Succeeded, ["requeue"]),
        new("failed", JobStates.Failed, ["requeue", "delete"]),
        new("deleted", JobStates.Deleted, ["requeue"]),
        new("awaiting", JobStates.Awaiting, ["enqueue", "delete"]),
        new(Retries, JobStates.Scheduled, ["enqueue", "delete"]),
    ];

    /// <summary>Its name in an address: the last part of its page.</summary>
    public string Key => Page[(Page.LastIndexOf('/') + 1)..];

    /// <summary>What it lists.</summary>
    public string Title => Key switch
    {
        Fetched => "Jobs with servers",
        Retries => "Jobs to be retried",
        _ => State + " jobs",
    };

    /// <summary>The list of a name; null where there is none.</summary>
    public static JobList? Of(string key) => All.FirstOrDefault(l => l.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>The buttons above the list.</summary>
    public IReadOnlyList<(string Title, string Action, string Tone)> Buttons =>
        [.. Moves.Select(m => (TitleOf(m), $"/hangfire/jobs/{Page}/{m}", m == "delete" ? "danger" : ""))];

    /// <summary>What a button says.</summary>
    public string TitleOf(string move) => (move, Key) switch
    {
        ("delete", "processing" or Fetched) => "Cancel and delete",
        ("delete", _) => "Delete",
        ("enqueue", Retries) => "Try now",
        ("enqueue", _) => "Run now",
        ("requeue", "succeeded") => "Run again",
        _ => "Requeue",
    };

    /// <summary>Its jobs that match.</summary>
    public JobFilter Filter(JobFilterText filter) => filter.ToFilter(State, isRetry: Key == Retries, isFetched: Key == Fetched);

    /// <summary>The page of the list with a filter.</summary>
    public string Address(JobFilterText filter) => (Key, filter.Queue) switch
    {
        (Retries, _) => filter.Link("/hangfire/retries"),
        (Fetched or "enqueued", { } queue) => $"/hangfire/jobs/{Page}/{Uri.EscapeDataString(queue)}",
        (Fetched or "enqueued", null) => "/hangfire/jobs/enqueued",
        _ => filter.Link("/hangfire/jobs/" + Page),
    };

    /// <summary>Where something is done to all that match, after they were counted.</summary>
    public string Matching(JobFilterText filter) => filter.Link("/hangfire/matching/" + Key);
}
