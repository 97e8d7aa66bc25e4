using System.Globalization;
using System.Text.Json;

namespace Automation.Jobs;

/// <summary>The names of parameters that have a meaning here.</summary>
internal static class JobParameters
{
    public const string RetryCount = "RetryCount";
    public const string Continuations = "Continuations";
    public const string CurrentCulture = "CurrentCulture";
    public const string CurrentUICulture = "CurrentUICulture";
    public const string RecurringJobId = "RecurringJobId";
    public const string Time = "Time";

    /// <summary>Ours: how often the job is tried in all.</summary>
    public const string MaxAttempts = "MaxAttempts";

    /// <summary>Ours: the batch a job belongs to.</summary>
    public const string BatchId = "BatchId";

    public static int? Int(Dictionary<string, string?> parameters, string name) =>
        parameters.TryGetValue(name, out var json) && int.TryParse(json?.Trim('"'), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : null;

    public static string? Text(Dictionary<string, string?> parameters, string name)
    {
        if (!parameters.TryGetValue(name, out var json) || string.IsNullOrEmpty(json))
            return null;
        try
        {
            return JsonSerializer.Deserialize<string>(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
