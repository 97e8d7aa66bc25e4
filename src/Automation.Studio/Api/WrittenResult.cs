using System.Text.Json;
using Automation.Workflows.Definitions;
using Microsoft.AspNetCore.Http;

namespace Automation.Studio.Api;

/// <summary>An answer that is written member by member.</summary>
internal sealed class WrittenResult(Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK) : IResult
{
    public async Task ExecuteAsync(HttpContext context)
    {
        var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer, JsonValues.WriterOptions))
            write(writer);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = buffer.Length;
        await context.Response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted);
    }
}
