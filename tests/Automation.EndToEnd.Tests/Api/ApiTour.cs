using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Automation.Host.OpenApi;

namespace Automation.EndToEnd.Tests.Api;

/// <summary>
/// Asks operations of a running server and keeps what was said. Besides the request itself it asks what refuses it: a body
/// that is no JSON, an id that names nothing, a version that is not there, no key, and a key for something else.
/// </summary>
internal sealed class ApiTour : IDisposable
{
    private const string Elsewhere = "nothing-of-that-name";

    private readonly ServerUnderTest _server;
    private readonly JsonElement _paths;
    private readonly HttpClient _nobody;
    private readonly HttpClient _scoped;

    private ApiTour(ServerUnderTest server, JsonElement paths, string scopedKey)
    {
        (_server, _paths) = (server, paths);
        _nobody = new HttpClient { BaseAddress = new Uri(server.Address) };
        _scoped = new HttpClient { BaseAddress = new Uri(server.Address) };
        _scoped.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", scopedKey);
    }

    /// <summary>Everything that was asked, in order.</summary>
    public List<ApiExchange> Exchanges { get; } = [];

    /// <summary>What was not refused as it should be.</summary>
    public List<string> Faults { get; } = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<ApiTour> BeginAsync(ServerUnderTest server)
    {
        using var key = await server.Api.PostAsync(
            new Uri("/api/keys", UriKind.Relative), new StringContent("""{"name":"for something else","role":"administrator","scopes":["account:read"]}""", Encoding.UTF8, "application/json"), Token);
        var secret = JsonElement.Parse(await key.Content.ReadAsStringAsync(Token)).GetProperty("secret").GetString()!;
        return new ApiTour(server, (await server.GetJsonAsync("/openapi/v1.json")).GetProperty("paths"), secret);
    }

    /// <summary>Asks one operation.</summary>
    /// <param name="operation">Method and path as the description has them.</param>
    /// <param name="route">Values for the braces of the path, in order.</param>
    /// <param name="query">The query, with its question mark.</param>
    /// <param name="body">The JSON to send.</param>
    /// <param name="status">The status that is expected.</param>
    /// <param name="headers">Headers to send.</param>
    /// <param name="by">Who asks; the administrator's key where left out.</param>
    /// <returns>The answer; undefined where it is no JSON.</returns>
    public async Task<JsonElement> AskAsync(
        string operation, string[]? route = null, string query = "", string? body = null, int status = 200, (string Name, string Value)[]? headers = null, Func<HttpRequestMessage, Task<HttpResponseMessage>>? by = null)
    {
        var (method, template) = operation.Split(' ') is [var m, var t] ? (new HttpMethod(m), t) : throw new ArgumentException(operation);
        var described = _paths.GetProperty(template).GetProperty(m.ToLowerInvariant());
        var values = route ?? [];
        var path = Fill(template, values) + query;
        await RefusedAsync(operation, described, method, template, values, query, body, headers, by);

        var parsed = body is null ? null : JsonNode.Parse(body);
        var (answered, type, answer) = await SendAsync(by ?? Administrator, method, path, body, headers);
        Assert.True(answered == status, $"{operation} answered {answered}, not {status}: {answer}");
        var sent = headers?.ToDictionary(h => h.Name, h => h.Value, StringComparer.Ordinal);
        Exchanges.Add(new ApiExchange(operation, path, answered, sent, parsed, type, answer));
        return answer is null || type?.Contains("json", StringComparison.Ordinal) != true ? default : JsonElement.Parse(answer.ToJsonString());
    }

    public void Dispose()
    {
        _nobody.Dispose();
        _scoped.Dispose();
    }

    /// <summary>Asks what must be refused; whatever refuses stands in the examples, too.</summary>
    private async Task RefusedAsync(
        string operation, JsonElement described, HttpMethod method, string template, string[] values, string query, string? body, (string, string)[]? headers, Func<HttpRequestMessage, Task<HttpResponseMessage>>? by)
    {
        if (Exchanges.Exists(e => e.Operation == operation))
            return;
        var ask = by ?? Administrator;
        var path = Fill(template, values) + query;
        await KeepAsync("any", r => _nobody.SendAsync(r, Token), method, path, body, 401);
        if (!template.StartsWith("/api/account", StringComparison.Ordinal) || method != HttpMethod.Get)
            await KeepAsync("any", r => _scoped.SendAsync(r, Token), method, path, body, 403);
        var parameters = described.TryGetProperty("parameters", out var listed) ? listed.EnumerateArray().ToList() : [];
        bool Has(string name) => parameters.Exists(p => p.GetProperty("name").GetString() == name);

        // What is wrong with a mappings file is what this one answers.
        if (body is not null && operation != "POST /api/mappings/check")
            await KeepAsync(operation, ask, method, path, "{", 400);
        foreach (var size in new[] { "take", "limit" }.Where(Has))
            await KeepAsync(operation, ask, method, $"{Fill(template, values)}?{size}=0", null, 400);
        foreach (var choice in new[] { "status", "format" }.Where(Has))
            await KeepAsync(operation, ask, method, $"{Fill(template, values)}?{choice}=unknown", null, 400);
        if (values.Length > 0)
            await KeepAsync(operation, ask, method, Fill(template, [.. values[..^1], long.TryParse(values[^1], out _) ? "987654321" : Elsewhere]) + query, body, 404, optional: true, probe: method != HttpMethod.Put && !IsQueue(template));
        if (Has("If-Match"))
            await KeepAsync(operation, ask, method, path, body, 412, headers: [("If-Match", "\"999\"")]);
        if (Has("If-None-Match") && await TagAsync(ask, path) is { } tag)
            await KeepAsync(operation, ask, method, path, null, 304, headers: [("If-None-Match", tag)]);
    }

    // Any name may be that of a queue.
    private static bool IsQueue(string template) => template.Contains("{queue}", StringComparison.Ordinal);

    private async Task KeepAsync(
        string operation, Func<HttpRequestMessage, Task<HttpResponseMessage>> by, HttpMethod method, string path, string? body, int status, (string Name, string Value)[]? headers = null, bool optional = false, bool probe = true)
    {
        if (!probe)
            return;
        var (answered, type, answer) = await SendAsync(by, method, path, body, headers);
        if (optional && answered != status)
        {
            // A list of what belongs to something that is not there is empty.
            if (answered != 200 || !(method == HttpMethod.Get || path.EndsWith("/query", StringComparison.Ordinal)))
                Faults.Add($"{method} {path} answered {answered}: {answer}");
            return;
        }

        if (answered != status)
        {
            Faults.Add($"{method} {path} with {body ?? "no body"} answered {answered}, not {status}: {answer}");
            return;
        }

        if (status != 304 && (type != "application/problem+json" || answer?["detail"]?.GetValue<string>() is not { Length: > 0 }))
            Faults.Add($"{method} {path} refuses without saying why: {type} {answer}");

        if (!Exchanges.Exists(e => e.Operation == operation && e.Status == status))
            Exchanges.Add(new ApiExchange(operation, path, answered, headers?.ToDictionary(h => h.Name, h => h.Value, StringComparer.Ordinal), null, type, answer));
    }

    private Task<HttpResponseMessage> Administrator(HttpRequestMessage request) => _server.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);

    private static async Task<string?> TagAsync(Func<HttpRequestMessage, Task<HttpResponseMessage>> by, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        using var answer = await by(request);
        return answer.Headers.ETag?.ToString();
    }

    private static async Task<(int Status, string? Type, JsonNode? Answer)> SendAsync(
        Func<HttpRequestMessage, Task<HttpResponseMessage>> by, HttpMethod method, string path, string? body, (string Name, string Value)[]? headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers ?? [])
            request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await by(request);
        var type = answer.Content.Headers.ContentType?.MediaType;
        if (type == "text/event-stream")
            return ((int)answer.StatusCode, type, JsonValue.Create(await FirstMessageAsync(answer)));
        var text = await answer.Content.ReadAsStringAsync(Token);
        if (text.Length == 0)
            return ((int)answer.StatusCode, null, null);
        return ((int)answer.StatusCode, type, type is "application/json" or "application/problem+json" ? JsonNode.Parse(text) : JsonValue.Create(text));
    }

    private static async Task<string> FirstMessageAsync(HttpResponseMessage answer)
    {
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(Token));
        var message = new StringBuilder();
        while (await reader.ReadLineAsync(Token) is { } line)
        {
            message.Append(line).Append('\n');
            if (line.Length == 0 && message.ToString().Contains("data:", StringComparison.Ordinal))
                break;
        }

        return message.ToString();
    }

    private static string Fill(string template, string[] values)
    {
        var next = 0;
        return string.Join('/', template.Split('/').Select(s => s.StartsWith('{') ? Uri.EscapeDataString(values[next++]) : s));
    }
}
