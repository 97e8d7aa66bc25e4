using System.Text.Json;
using Automation.Intake.Identification;
using Automation.Intake.Replies;
using Automation.Intake.Verification;

namespace Automation.Intake.Sources;

/// <summary>A source ready for use: its preset and settings compiled. Immutable but for the counts of its limits.</summary>
internal sealed class Source
{
    public required string Slug { get; init; }

    /// <summary>What it was compiled from, secrets included.</summary>
    public required SourceOptions Settings { get; init; }

    /// <summary>Its version, where somebody made it; 0 for one of the configuration.</summary>
    public required long Version { get; init; }

    public required Preset Preset { get; init; }

    public required bool Open { get; init; }

    /// <summary>All of these must hold.</summary>
    public required IReadOnlyList<Check> Required { get; init; }

    /// <summary>One of these must hold, where there are any: the preset's schemes that the source has secrets for.</summary>
    public required IReadOnlyList<Check> AnyOf { get; init; }

    /// <summary>That of <see cref="AnyOf"/> which needs keys from outside; null where there is none.</summary>
    public IdTokenCheck? IdToken { get; init; }

    /// <summary>Whether anything is verified.</summary>
    public bool Verifies => Required.Count + AnyOf.Count > 0;

    public required Identifier Identifier { get; init; }

    public required TimeSpan KeyWindow { get; init; }

    public required TimeSpan HashWindow { get; init; }

    public required int MaxBodyBytes { get; init; }

    public RateLimit? RateLimit { get; init; }

    /// <summary>Requests of this source at the same time; null for no limit of its own.</summary>
    public RequestSlots? Requests { get; init; }

    public required Answer Acknowledgement { get; init; }

    /// <summary>How workflows answer its events; null where they are acknowledged only.</summary>
    public ReplyMode? Reply { get; init; }

    public Challenge? Challenge { get; init; }

    /// <summary>Headers whose values are secrets and are masked in the event log.</summary>
    public required IReadOnlySet<string> SecretHeaders { get; init; }

    /// <summary>Judges a request and says step by step how.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The time.</param>
    /// <param name="steps">Takes what was looked at, in order; never a secret.</param>
    public Verdict Explain(in WebhookRequest request, DateTimeOffset now, List<string> steps)
    {
        var verdict = Verify(request, now, steps);
        if (!verdict.Accepted && verdict.Text.Contains("no header ", StringComparison.Ordinal))
            steps.Add($"Headers that came: {string.Join(", ", request.Headers.Keys)}.");
        return verdict;
    }

    /// <summary>Judges a request by everything that the source is configured to verify.</summary>
    public Verdict Verify(in WebhookRequest request, DateTimeOffset now, List<string>? trace = null)
    {
        if (!Verifies)
            return Open ? Verdict.Yes("open") : Verdict.No("the source has no secret, token or address list yet, and is not marked open");

        var by = "";
        foreach (var check in Required)
        {
            var verdict = check.Judge(request, now, trace);
            if (!verdict.Accepted)
                return verdict;
            by = by.Length == 0 ? verdict.Text : by + ", " + verdict.Text;
        }

        if (AnyOf.Count == 0)
            return Verdict.Yes(by);
        var refusals = new List<string>();
        foreach (var check in AnyOf)
        {
            var verdict = check.Judge(request, now, trace);
            if (verdict.Accepted)
                return by.Length == 0 ? verdict : Verdict.Yes(by + ", " + verdict.Text);
            refusals.Add(verdict.Text);
        }

        return Verdict.No(string.Join("; ", refusals.Distinct(StringComparer.Ordinal)));
    }
}

/// <summary>An answer whose bytes are made once.</summary>
internal sealed class Answer(AnswerForm form)
{
    public int Status { get; } = form.Status;

    public byte[] Body { get; } = form.Body is { ValueKind: not JsonValueKind.Undefined } body ? JsonSerializer.SerializeToUtf8Bytes(body, PresetJson.Default.JsonElement) : [];
}
