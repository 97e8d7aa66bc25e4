namespace Automation.Dashboard.Shared;

/// <summary>The colour of a word that says how something stands, the same on every page.</summary>
internal static class Tones
{
    public static string Of(string? status) => status switch
    {
        "Routed" or "Finished" or "Succeeded" or "Completed" or "Verified" or "Matched" or "Sent" or "InDigest" => "good",
        "Unmatched" or "Waiting" or "Skipped" or "Suspended" or "Scheduled" or "Awaiting" or "Interrupted" or "Held" or "Retrying" => "warn",
        "Failed" or "Rejected" or "Faulted" => "bad",
        "Received" or "Executing" or "Running" or "Processing" or "Enqueued" or "Pending" => "info",
        _ => "",
    };
}
