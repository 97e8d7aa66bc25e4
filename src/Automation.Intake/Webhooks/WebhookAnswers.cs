using Automation.Intake.Replies;
using Automation.Intake.Sources;
using Microsoft.AspNetCore.Http;

namespace Automation.Intake.Webhooks;

/// <summary>Writes the answers to requests that are taken.</summary>
internal static class WebhookAnswers
{
    /// <summary>The sender's own form of "got it".</summary>
    public static Task AcknowledgeAsync(HttpContext context, Answer answer, string eventId)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers["Automation-Event-Id"] = eventId;
        if (answer.Body.Length == 0)
        {
            if (answer.Status != StatusCodes.Status204NoContent)
                response.ContentLength = 0;
            return Task.CompletedTask;
        }

        response.ContentType = "application/json";
        response.ContentLength = answer.Body.Length;
        return response.BodyWriter.WriteAsync(answer.Body).AsTask();
    }

    /// <summary>What a workflow replies.</summary>
    public static Task ReplyAsync(HttpContext context, ReplyContent answer, string eventId)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        answer.AddHeaders(response.Headers);
        response.Headers["Automation-Event-Id"] = eventId;
        // What a workflow answers may repeat what a stranger wrote; no browser may take it for something else than it says.
        response.Headers.XContentTypeOptions = "nosniff";
        if (answer.Body.Length == 0)
        {
            if (answer.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
                response.ContentLength = 0;
            return Task.CompletedTask;
        }

        response.ContentType = answer.ContentType;
        response.ContentLength = answer.Body.Length;
        return response.BodyWriter.WriteAsync(answer.Body).AsTask();
    }

    /// <summary>What the handshake of a sender asks for.</summary>
    public static Task ChallengeAsync(HttpContext context, string answer)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        // The answer repeats what the sender wrote; no browser may take it for a page.
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(answer, context.RequestAborted);
    }
}
