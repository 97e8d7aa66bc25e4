namespace Automation.Intake.Verification;

/// <summary>What came of verifying a request.</summary>
/// <param name="Accepted">Whether it holds.</param>
/// <param name="Text">By what it was verified, or why it was not, for the event log; never a secret.</param>
internal readonly record struct Verdict(bool Accepted, string Text)
{
    public static Verdict Yes(string text) => new(true, text);

    public static Verdict No(string text) => new(false, text);
}

/// <summary>One condition that a request must meet.</summary>
internal abstract class Check
{
    /// <summary>Judges a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="now">The time.</param>
    /// <param name="trace">Where to explain each step, or null on the hot path.</param>
    public abstract Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace);
}
