using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Http;

/// <summary>Limits and defaults of HTTP calls; bound from <c>Automation:Steps:Http</c>.</summary>
public sealed class HttpOptions : IValidatableObject
{
    /// <summary>How long one attempt may take, from connecting to the last byte of the answer. Default 100 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Largest answer, in bytes after decompression; a larger one ends the call with an error. Default 10 MiB.</summary>
    [Range(1024, 1L << 30)]
    public long MaxResponseBytes { get; set; } = 10 << 20;

    /// <summary>How much of each request's and answer's body is kept in the record of the call, in bytes. Default 4096.</summary>
    [Range(0, 1 << 20)]
    public int ExcerptBytes { get; set; } = 4096;

    /// <summary>Longest wait between two attempts, whatever the strategy or the answer's <c>Retry-After</c> says. Default 2 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>The strategies that activities choose by id, as Studio lists them. Default: none.</summary>
    public IList<HttpResilienceStrategy> ResilienceStrategies { get; set; } = [];

    /// <summary>
    /// Limits and circuits by host; the first entry that covers a host counts, and a host that none covers has the defaults
    /// of an entry. Default: none.
    /// </summary>
    public IList<HttpHostOptions> Hosts { get; set; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        for (var i = 0; i < Hosts.Count; i++)
        {
            var problems = new List<ValidationResult>();
            Validator.TryValidateObject(Hosts[i], new ValidationContext(Hosts[i]), problems, validateAllProperties: true);
            foreach (var problem in problems)
                yield return new ValidationResult($"Automation:Steps:Http:Hosts:{i}: {problem.ErrorMessage}", [nameof(Hosts)]);
        }

        for (var i = 0; i < ResilienceStrategies.Count; i++)
        {
            if (ResilienceStrategies[i].WhyNotValid() is { } why)
                yield return new ValidationResult($"Automation:Steps:Http:ResilienceStrategies:{i}: {why}", [nameof(ResilienceStrategies)]);
        }
    }
}
