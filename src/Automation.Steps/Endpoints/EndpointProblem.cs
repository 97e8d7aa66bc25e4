using Microsoft.AspNetCore.Http;

namespace Automation.Steps.Endpoints;

/// <summary>Tells a caller why there is no answer of a workflow.</summary>
internal static class EndpointProblem
{
    public static Task WriteAsync(HttpContext context, int status, string detail, int? retryAfter = null)
    {
        if (retryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return TypedResults.Problem(detail, statusCode: status).ExecuteAsync(context);
    }
}
