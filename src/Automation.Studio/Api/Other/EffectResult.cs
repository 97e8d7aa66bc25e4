using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Microsoft.AspNetCore.Http;

namespace Automation.Studio.Api.Other;

/// <summary>The answer that a workflow wrote itself.</summary>
internal sealed class EffectResult(HttpResponseEffect effect) : IResult
{
    public async Task ExecuteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = effect.StatusCode;
        foreach (var (name, values) in effect.Headers)
            response.Headers[name] = values.ToArray();
        var (bytes, type) = effect.Content switch
        {
            null => ([], null),
            string text => (System.Text.Encoding.UTF8.GetBytes(text), "text/plain"),
            byte[] content => (content, "application/octet-stream"),
            var value => (JsonValues.ToUtf8(value), "application/json"),
        };
        response.ContentType = effect.ContentType ?? type;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
