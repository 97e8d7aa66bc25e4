using System.Globalization;
using System.Text.Json;

namespace Automation.Jobs.Serialization;

/// <summary>A job that waits for another: an item of the other's <c>Continuations</c> parameter.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct Continuation(long JobId, ContinuationOptions Options)
{
    public static List<Continuation> ReadAll(string? json)
    {
        var result = new List<Continuation>();
        if (string.IsNullOrEmpty(json))
            return result;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                return result;
            foreach (var item in document.RootElement.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("JobId", out var id)
                    || !long.TryParse(id.ToString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var jobId))
                {
                    continue;
                }

                result.Add(new Continuation(jobId, item.TryGetProperty("Options", out var options) ? ReadOptions(options.ToString()) : default));
            }
        }
        catch (JsonException)
        {
            // A parameter that somebody damaged: what waits is found again by the sweep over the awaiting jobs.
        }

        return result;
    }

    public static string WriteAll(IEnumerable<Continuation> continuations) =>
        "[" + string.Join(',', continuations.Select(c => c.Options == ContinuationOptions.OnAnyFinishedState
            ? string.Create(CultureInfo.InvariantCulture, $$"""{"JobId":"{{c.JobId}}"}""")
            : string.Create(CultureInfo.InvariantCulture, $$"""{"JobId":"{{c.JobId}}","Options":{{(int)c.Options}}}"""))) + "]";

    /// <summary>Reads options by number or, as the oldest data level writes them, by name.</summary>
    public static ContinuationOptions ReadOptions(string? text) =>
        Enum.TryParse<ContinuationOptions>(text, ignoreCase: true, out var options) ? options : ContinuationOptions.OnAnyFinishedState;

    /// <summary>Whether a parent's end is one that starts the continuation.</summary>
    public static bool StartsAfter(ContinuationOptions options, string parentState) =>
        options == ContinuationOptions.OnAnyFinishedState
        || (parentState == JobStates.Succeeded && options.HasFlag(ContinuationOptions.OnlyOnSucceededState))
        || (parentState == JobStates.Deleted && options.HasFlag(ContinuationOptions.OnlyOnDeletedState));
}
