using System.Globalization;
using System.Text.Json;

namespace Automation.Steps.Http;

/// <summary>How the wait grows from one attempt to the next.</summary>
public enum HttpBackoff
{
    /// <summary>The same wait each time.</summary>
    Constant,

    /// <summary>The wait times the number of the attempt.</summary>
    Linear,

    /// <summary>The wait doubles each time.</summary>
    Exponential,
}

/// <summary>
/// When and how an HTTP call is repeated. Repeated are calls without an answer (no connection, broken off, timed out) and
/// answers with one of <see cref="StatusCodes"/>; a <c>Retry-After</c> in the answer replaces the computed wait.
/// </summary>
public sealed record HttpResilienceStrategy
{
    /// <summary>What activities name it by.</summary>
    public string Id { get; init; } = "";

    /// <summary>What people see.</summary>
    public string DisplayName { get; init; } = "";

    /// <summary>Attempts after the first; 0 to 100. Default 3.</summary>
    public int MaxRetryAttempts { get; init; } = 3;

    /// <summary>The first wait. Default 1 second.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How the wait grows. Default exponential.</summary>
    public HttpBackoff BackoffType { get; init; } = HttpBackoff.Exponential;

    /// <summary>Whether the wait is spread by a quarter up or down, so that many callers do not come back at once.</summary>
    public bool UseJitter { get; init; }

    /// <summary>Answers worth another attempt.</summary>
    public IReadOnlyList<int> StatusCodes { get; init; } = [408, 409, 429, 500, 502, 503, 504];

    /// <summary>The wait before the attempt after this one, without an upper limit.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="random">From 0 to 1.</param>
    internal TimeSpan DelayAfter(int attempt, double random)
    {
        var seconds = Delay.TotalSeconds * BackoffType switch
        {
            HttpBackoff.Linear => attempt,
            HttpBackoff.Exponential => Math.Pow(2, attempt - 1),
            _ => 1,
        };
        if (UseJitter)
            seconds *= 0.75 + (0.5 * random);
        return TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(1).TotalSeconds));
    }

    /// <summary>What is wrong with the values; null where nothing is.</summary>
    internal string? WhyNotValid() =>
        MaxRetryAttempts is < 0 or > 100 ? $"maxRetryAttempts is {MaxRetryAttempts}; allowed is 0 to 100."
        : Delay < TimeSpan.Zero || Delay > TimeSpan.FromHours(1) ? $"delay is {Delay}; allowed is 00:00:00 to 01:00:00."
        : StatusCodes.FirstOrDefault(code => code is < 100 or > 999) is var bad and not 0 ? $"statusCodes has {bad}; allowed is 100 to 999."
        : null;

    /// <summary>Reads the JSON form in which Elsa keeps a strategy; members that are missing have their defaults.</summary>
    /// <exception cref="FormatException">The value is no strategy; the message says why.</exception>
    public static HttpResilienceStrategy Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException($"A resilience strategy is an id or an object, not {json.ValueKind}.");
        var strategy = new HttpResilienceStrategy();
        foreach (var member in json.EnumerateObject())
        {
            strategy = member.Name.ToUpperInvariant() switch
            {
                "ID" => strategy with { Id = member.Value.ToString() },
                "DISPLAYNAME" => strategy with { DisplayName = member.Value.ToString() },
                "MAXRETRYATTEMPTS" => strategy with { MaxRetryAttempts = Number(member) },
                "USEJITTER" => strategy with { UseJitter = member.Value.ValueKind == JsonValueKind.True },
                "DELAY" => strategy with { Delay = Duration(member) },
                "BACKOFFTYPE" => strategy with
                {
                    BackoffType = Enum.TryParse<HttpBackoff>(member.Value.ToString(), ignoreCase: true, out var type) && Enum.IsDefined(type)
                        ? type
                        : throw new FormatException($"backoffType is \"{member.Value}\"; allowed are Constant, Linear and Exponential."),
                },
                "STATUSCODES" when member.Value.ValueKind == JsonValueKind.Array => strategy with
                {
                    StatusCodes = [.. member.Value.EnumerateArray().Select(code => code.TryGetInt32(out var n) ? n : throw new FormatException($"statusCodes has {code}; allowed is 100 to 999."))],
                },
                _ => strategy,
            };
        }

        return strategy.WhyNotValid() is { } why ? throw new FormatException(why) : strategy;
    }

    private static int Number(JsonProperty member) =>
        member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt32(out var n) ? n
        : int.TryParse(member.Value.ToString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out n) ? n
        : throw new FormatException($"{member.Name} is {member.Value.GetRawText()}; it must be a number.");

    private static TimeSpan Duration(JsonProperty member) =>
        TimeSpan.TryParse(member.Value.ToString(), CultureInfo.InvariantCulture, out var span)
            ? span
            : throw new FormatException($"{member.Name} is {member.Value.GetRawText()}; it must be a time span such as \"00:00:01\".");
}
