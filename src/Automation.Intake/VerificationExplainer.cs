using Automation.Intake.Sources;
using Microsoft.AspNetCore.Http;

namespace Automation.Intake;

/// <summary>A request as a person captured it.</summary>
/// <param name="Headers">Its headers.</param>
/// <param name="Body">Its body's bytes.</param>
/// <param name="Query">The query string with its question mark, or empty.</param>
/// <param name="UrlSecret">The URL's segment after the source, or null.</param>
/// <param name="RemoteIp">Where it came from, or null.</param>
/// <param name="Url">The whole URL, where the sender signs it.</param>
/// <param name="At">When it came; null is now. Timestamps are judged by it.</param>
public sealed record CapturedRequest(
    IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body, string Query = "", string? UrlSecret = null, System.Net.IPAddress? RemoteIp = null, string? Url = null, DateTimeOffset? At = null);

/// <summary>Why a request is verified or not.</summary>
/// <param name="Accepted">Whether it is.</param>
/// <param name="Verdict">By what, or why not.</param>
/// <param name="Steps">What was looked at, in order; never a secret, and of a signature only how it would begin.</param>
public sealed record VerificationExplanation(bool Accepted, string Verdict, IReadOnlyList<string> Steps);

/// <summary>Explains the verification of a request, for people who look for what is wrong with a sender's settings.</summary>
public sealed class VerificationExplainer(SourceCatalog sources, TimeProvider clock)
{
    /// <summary>Explains a request.</summary>
    /// <param name="source">Slug of the source.</param>
    /// <param name="captured">The request.</param>
    /// <param name="cancellationToken">Ends the wait for keys that a token is signed with.</param>
    /// <returns>Null where there is no such source.</returns>
    public async Task<VerificationExplanation?> ExplainAsync(string source, CapturedRequest captured, CancellationToken cancellationToken)
    {
        if (sources.Find(source) is not { } found)
            return null;
        var headers = new HeaderDictionary();
        foreach (var (name, value) in captured.Headers)
            headers[name] = value;
        Func<string>? url = captured.Url is { } text ? () => text : null;
        var request = new WebhookRequest(headers, captured.Body, WebhookRequest.QueryOf(captured.Query), captured.UrlSecret, captured.RemoteIp, url);
        var steps = new List<string>();
        var now = captured.At ?? clock.GetUtcNow();
        if (found.IdToken is { } idToken && await idToken.PrepareAsync(request, clock.GetUtcNow(), cancellationToken) is { } obstacle)
            steps.Add(obstacle);
        var verdict = found.Explain(request, now, steps);
        return new VerificationExplanation(verdict.Accepted, verdict.Text, steps);
    }
}
