using System.Text.Encodings.Web;
using System.Text.Json;
using Automation.Intake.Identification;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Automation.Intake.Webhooks;

/// <summary>Why a request is not taken, told as <c>application/problem+json</c>.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Detail">One sentence for the person who looks after the sender.</param>
/// <param name="Fault">Where the body is broken.</param>
internal sealed record Refusal(int Status, string Detail, JsonFault? Fault = null)
{
    // Read by people in a terminal; the content type keeps browsers from taking it for a page.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Seconds after which the sender may try again.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Says what verification looked at, step by step, for the event log and not for the sender: it tells how a right signature begins. Null where it was not verification that refused.</summary>
    public Func<IReadOnlyList<string>>? Explain { get; init; }

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.StatusCode = Status;
        if (RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (Status == StatusCodes.Status405MethodNotAllowed)
            response.Headers.Allow = HttpMethods.Post;
        if (Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Webhook";
        if (Status is StatusCodes.Status408RequestTimeout)
            response.Headers.Connection = "close";

        using var buffer = new MemoryStream();
        await using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("type", "about:blank");
            json.WriteString("title", ReasonPhrases.GetReasonPhrase(Status));
            json.WriteNumber("status", Status);
            json.WriteString("detail", Detail);
            if (Fault is not null)
            {
                json.WriteNumber("line", Fault.Line);
                json.WriteNumber("byte", Fault.Byte);
            }

            json.WriteEndObject();
        }

        response.ContentType = "application/problem+json";
        response.Headers.XContentTypeOptions = "nosniff";
        response.ContentLength = buffer.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), context.RequestAborted);
    }

    /// <summary>What comes from outside as it may be shown: no control characters, no length without end.</summary>
    public static string Shown(Microsoft.Extensions.Primitives.StringSegment text) => Shown(text.AsSpan());

    /// <inheritdoc cref="Shown(Microsoft.Extensions.Primitives.StringSegment)"/>
    public static string Shown(ReadOnlySpan<char> text)
    {
        var shown = text.Length <= 64 ? text.ToString() : string.Concat(text[..64], "…");
        return string.Concat(shown.Select(c => char.IsControl(c) ? '·' : c));
    }
}
