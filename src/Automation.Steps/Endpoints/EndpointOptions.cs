using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Endpoints;

/// <summary>How the HTTP endpoints of workflows are served; bound from <c>Automation:Steps:Endpoints</c>.</summary>
public sealed class EndpointOptions : IValidatableObject
{
    /// <summary>The path below which they are served. Default <c>/workflows</c>.</summary>
    [Required]
    public string BasePath { get; set; } = "/workflows";

    /// <summary>Largest request body, in bytes; an endpoint's own limit can only be lower. Default 30 MiB.</summary>
    [Range(0, 1 << 30)]
    public long MaxBodyBytes { get; set; } = 30 << 20;

    /// <summary>How long a body may take to arrive. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a caller waits for the workflow's response, where the endpoint sets no time; the workflow goes on after it. Default 100 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Requests that are served at the same time; more are answered 503. Default 1,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxRequests { get; set; } = 1_000;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (BasePath.Length < 2 || BasePath[0] != '/' || BasePath[^1] == '/' || BasePath.AsSpan().ContainsAny("?#{}*% \\") || BasePath.Contains("//", StringComparison.Ordinal))
            yield return new ValidationResult("Automation:Steps:Endpoints:BasePath must be a path such as /workflows, without a slash at its end.", [nameof(BasePath)]);
    }
}
