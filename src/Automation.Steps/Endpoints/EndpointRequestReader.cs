using System.Globalization;
using System.Text.Json;
using Automation.Steps.Http;
using Automation.Workflows.Activities.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Automation.Steps.Endpoints;

/// <summary>Reads a request for the workflow that it starts or resumes: parsed, within the endpoint's limits.</summary>
internal sealed class EndpointRequestReader(EndpointOptions options, TimeProvider clock)
{
    /// <summary>Names of the server's own cookies: they are no workflow's business.</summary>
    private static readonly string[] OwnCookies = ["automation-session", "automation-form"];

    public async Task<HttpRequestPayload> ReadAsync(HttpContext context, IReadOnlyDictionary<string, object?> routeData, EndpointRules rules)
    {
        var request = context.Request;
        var payload = new HttpRequestPayload
        {
            Method = request.Method,
            Path = request.Path.Value ?? "",
            RouteData = routeData,
            Query = Plain(request.Query),
            Headers = HeadersOf(context),
        };
        var limit = Math.Min(rules.RequestSizeLimit ?? long.MaxValue, options.MaxBodyBytes);
        if (await ReadBodyAsync(context, limit) is not { } body)
        {
            return payload with
            {
                Rejection = new HttpRejection(
                    StatusCodes.Status413PayloadTooLarge,
                    string.Create(CultureInfo.InvariantCulture, $"The body has more than {limit} bytes, the limit {(limit == rules.RequestSizeLimit ? "of this endpoint" : "of this server (Automation:Steps:Endpoints:MaxBodyBytes)")}."),
                    HttpRejection.RequestTooLarge),
            };
        }

        if (body.Length == 0)
            return payload;
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed : null;
        var mediaType = type?.MediaType.Value?.ToLowerInvariant();
        if (mediaType is "multipart/form-data" or "application/x-www-form-urlencoded")
            return await ReadFormAsync(context, payload, body, rules);
        var charset = HeaderUtilities.RemoveQuotes(type?.Charset ?? default).Value;
        return payload with { Content = HttpContentParser.IsJson(mediaType) ? ParseJson(body, charset) : HttpContentParser.Parse(body, mediaType, charset) };
    }

    /// <summary>The whole body; null where it is larger than the limit.</summary>
    private async Task<byte[]?> ReadBodyAsync(HttpContext context, long limit)
    {
        if (context.Request.ContentLength > limit)
            return null;
        // The server's own limit is for bodies that nobody looks after; this one is counted.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature)
            feature.MaxRequestBodySize = null;
        using var slow = new CancellationTokenSource(options.BodyTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(slow.Token, context.RequestAborted);
        using var whole = new MemoryStream((int)(context.Request.ContentLength ?? 0));
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await context.Request.Body.ReadAsync(buffer, either.Token)) > 0)
            {
                if (whole.Length + read > limit)
                    return null;
                whole.Write(buffer, 0, read);
            }
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            throw new EndpointRefusal(StatusCodes.Status408RequestTimeout, string.Create(CultureInfo.InvariantCulture, $"The body did not arrive within {options.BodyTimeout.TotalSeconds:0.#} seconds."));
        }

        return whole.Length == whole.Capacity ? whole.GetBuffer() : whole.ToArray();
    }

    private static JsonElement ParseJson(byte[] body, string? charset)
    {
        try
        {
            return HttpContentParser.ParseJson(body, charset);
        }
        catch (JsonException e)
        {
            throw new EndpointRefusal(StatusCodes.Status400BadRequest, e.Message) { Json = e };
        }
    }

    private static async Task<HttpRequestPayload> ReadFormAsync(HttpContext context, HttpRequestPayload payload, byte[] body, EndpointRules rules)
    {
        var request = context.Request;
        request.Body = new MemoryStream(body, writable: false);
        IFormCollection form;
        try
        {
            // The body is in memory already: what it may hold is bounded by it.
            form = await new FormFeature(request, new FormOptions { MultipartBodyLengthLimit = long.MaxValue, ValueLengthLimit = int.MaxValue, MemoryBufferThreshold = int.MaxValue })
                .ReadFormAsync(context.RequestAborted);
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new EndpointRefusal(StatusCodes.Status400BadRequest, "The body is not a valid form. " + e.Message);
        }

        var files = new List<object?>(form.Files.Count);
        foreach (var file in form.Files)
        {
            var type = file.ContentType is { Length: > 0 } given ? given : "application/octet-stream";
            if (rules.Judge(file.FileName, type, file.Length) is { } rejection)
                return payload with { Content = Plain(form), Rejection = rejection };
            var content = new byte[file.Length];
            await using var stream = file.OpenReadStream();
            await stream.ReadExactlyAsync(content, context.RequestAborted);
            files.Add(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["name"] = file.Name,
                ["fileName"] = file.FileName,
                ["contentType"] = type,
                ["length"] = file.Length,
                ["content"] = content,
            });
        }

        return payload with { Content = Plain(form), Files = files };
    }

    /// <summary>All but what signs the caller in to this server: that would end in journals.</summary>
    private static Dictionary<string, object?> HeadersOf(HttpContext context)
    {
        var headers = Plain(context.Request.Headers);
        if (context.User.Identity is { IsAuthenticated: true })
            headers.Remove("Authorization");
        if (context.Request.Cookies.Any(c => OwnCookies.Contains(c.Key, StringComparer.Ordinal)))
        {
            var others = context.Request.Cookies.Where(c => !OwnCookies.Contains(c.Key, StringComparer.Ordinal)).Select(c => $"{c.Key}={c.Value}").ToList();
            if (others.Count > 0)
                headers["Cookie"] = string.Join("; ", others);
            else
                headers.Remove("Cookie");
        }

        return headers;
    }

    private static Dictionary<string, object?> Plain(IEnumerable<KeyValuePair<string, StringValues>> values)
    {
        var plain = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
            plain[name] = value.Count == 1 ? value[0] : value.Select(v => (object?)v).ToList();
        return plain;
    }
}

/// <summary>A request cannot be served; the message tells the caller why.</summary>
internal sealed class EndpointRefusal(int status, string message) : Exception(message)
{
    public int Status { get; } = status;

    /// <summary>Where the JSON of the body is broken.</summary>
    public JsonException? Json { get; init; }
}
