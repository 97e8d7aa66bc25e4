using System.ComponentModel.DataAnnotations;

namespace Automation.Steps.Http;

/// <summary>How calls of HTTP steps to a host are held back; each host and port counts for itself, on each server.</summary>
public sealed class HttpHostOptions
{
    /// <summary>
    /// The hosts that this is about: a name (<c>api.example.org</c>), a name with everything below it
    /// (<c>*.example.org</c>), either with a port (<c>localhost:8080</c>), or <c>*</c> for all.
    /// </summary>
    [Required(AllowEmptyStrings = false)]
    public string Host { get; set; } = "*";

    /// <summary>Calls at a time. Default: as many as come.</summary>
    [Range(1, 10_000)]
    public int? Concurrency { get; set; }

    /// <summary>Calls in any stretch of <see cref="Per"/>. Default: as many as come.</summary>
    [Range(1, 100_000)]
    public int? Calls { get; set; }

    /// <summary>The time that <see cref="Calls"/> is about. Default 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan Per { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a call waits for its turn before it counts as failed. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The part of the calls of the last <see cref="Window"/> that must have failed (no answer, or 500 and above) for the
    /// circuit to open: nothing is sent for <see cref="Break"/>, then one call tries whether the host is back. Default 0.9;
    /// 0 means no circuit.
    /// </summary>
    [Range(0.0, 1.0)]
    public double FailureRatio { get; set; } = 0.9;

    /// <summary>Calls that there must have been in <see cref="Window"/> before the circuit opens. Default 20.</summary>
    [Range(2, 100_000)]
    public int MinimumCalls { get; set; } = 20;

    /// <summary>What the circuit looks back on. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "1.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an open circuit stays open. Default 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "1.00:00:00")]
    public TimeSpan Break { get; set; } = TimeSpan.FromSeconds(15);

    internal bool Covers(Uri url)
    {
        var pattern = Host;
        var colon = pattern.LastIndexOf(':');
        if (colon > 0 && pattern[colon - 1] is not ':' && int.TryParse(pattern.AsSpan(colon + 1), out var port))
        {
            if (port != url.Port)
                return false;
            pattern = pattern[..colon];
        }

        var name = url.IdnHost.TrimEnd('.');
        return pattern == "*"
            || (pattern.StartsWith("*.", StringComparison.Ordinal)
                ? name.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
                : name.Equals(pattern.Trim('[', ']'), StringComparison.OrdinalIgnoreCase));
    }
}
