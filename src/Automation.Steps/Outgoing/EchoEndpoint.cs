using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Steps.Outgoing;

/// <summary>
/// <c>/healthz/echo</c>: answers with what it was sent, so that outgoing calls can be tried without a second server.
/// The samples call it.
/// </summary>
public static class EchoEndpoint
{
    private const int MaxBodyBytes = 64 << 10;

    /// <summary>Maps the endpoint. It needs no sign-in, keeps nothing and takes at most 64 KiB.</summary>
    /// <param name="app">The routes.</param>
    public static IEndpointConventionBuilder MapEcho(this IEndpointRouteBuilder app) =>
        app.MapMethods("/healthz/echo", ["GET", "POST", "PUT", "PATCH", "DELETE"], AnswerAsync).AllowAnonymous().ExcludeFromDescription();

    private static async Task<IResult> AnswerAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = new byte[MaxBodyBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > MaxBodyBytes)
            return Results.Problem($"The body is larger than {MaxBodyBytes} bytes.", statusCode: StatusCodes.Status413PayloadTooLarge);

        return Results.Json(
            new Echo(
                request.Method,
                request.Query.ToDictionary(q => q.Key, q => q.Value.ToString()),
                request.ContentType,
                request.Headers["Idempotency-Key"].FirstOrDefault(),
                Read(body.AsMemory(0, length))),
            EchoContext.Default.Echo);
    }

    /// <summary>JSON as JSON, anything else as text.</summary>
    private static JsonElement? Read(ReadOnlyMemory<byte> body)
    {
        if (body.IsEmpty)
            return null;
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(System.Text.Encoding.UTF8.GetString(body.Span), EchoContext.Default.String);
        }
    }

    internal sealed record Echo(string Method, IReadOnlyDictionary<string, string> Query, string? ContentType, string? IdempotencyKey, JsonElement? Body);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(EchoEndpoint.Echo))]
[JsonSerializable(typeof(string))]
internal sealed partial class EchoContext : JsonSerializerContext;
