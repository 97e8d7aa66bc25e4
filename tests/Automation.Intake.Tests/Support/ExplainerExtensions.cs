namespace Automation.Intake.Tests.Support;

internal static class ExplainerExtensions
{
    /// <summary>An explanation for which nothing has to be fetched, so that it is there at once.</summary>
    public static VerificationExplanation? Explain(this VerificationExplainer explainer, string source, CapturedRequest request)
    {
        var explaining = explainer.ExplainAsync(source, request, CancellationToken.None);
        Assert.True(explaining.IsCompletedSuccessfully);
        return explaining.Result;
    }
}
