using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Automation.Steps.Activities;
using Automation.Steps.Secrets;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Http;

/// <summary>Does the work of <see cref="CallHttp"/>.</summary>
internal sealed class CallHttpStep(HttpCaller caller, OAuthTokens tokens, SecretStore secrets, IOptions<HttpOptions> options) : IBackgroundActivity
{
    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = new StepInputs(operation.Inputs);
        HttpCall call;
        OAuthClient? client;
        ExpectedAnswer expected;
        try
        {
            (call, client) = await PrepareAsync(operation, inputs, cancellationToken);
            expected = ExpectedAnswer.Read(inputs);
        }
        catch (Exception e) when (e is FormatException or SecretException)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Failed, e.Message, e.GetType().Name) };
        }

        var hidden = call.Secrets;
        HttpCallResult result;
        if (client is null)
            result = await caller.SendAsync(call, cancellationToken);
        else
            (result, hidden) = await SendAsync(call, client, cancellationToken);
        HttpRequestStep.Record(operation, result);
        if (result.End is HttpCallEnd.Refused or HttpCallEnd.TooLarge)
            return new OperationResult { Error = HttpRequestStep.Error(result), HasRetries = result.Attempts > 1 };

        // A server that repeats what it was sent must not bring the secret into the instance, its journal and its exports.
        var answer = result.Answer?.Without(hidden);
        var content = answer?.ParseContent();
        var (outcome, problem) = expected.Judge(result, content);
        var outputs = new Dictionary<string, object?>(StringComparer.Ordinal) { ["StatusCode"] = (long)(answer?.StatusCode ?? 0), ["Content"] = content, ["Error"] = result.Error ?? problem };
        if (answer is not null)
            outputs["ResponseHeaders"] = answer.Headers.Concat(answer.ContentHeaders).ToDictionary(h => h.Key, h => h.Value, StringComparer.OrdinalIgnoreCase);
        return new OperationResult { Outputs = outputs, Outcomes = [outcome, "Done"], HasRetries = result.Attempts > 1 };
    }

    /// <summary>A call with a token; where the token is refused, once more with a new one.</summary>
    private async Task<(HttpCallResult Result, IReadOnlyCollection<string> Secrets)> SendAsync(HttpCall call, OAuthClient client, CancellationToken cancellationToken)
    {
        var exchanges = new List<HttpExchange>(2);
        string? refused = null;
        while (true)
        {
            var asked = await tokens.GetAsync(client, refused, call, exchanges, cancellationToken);
            if (asked.Token is not { } token)
            {
                // What cannot be reached now may be reached later; what was answered and is no token stays none.
                var end = asked.Result!.End == HttpCallEnd.Answered ? HttpCallEnd.Refused : asked.Result.End;
                return (new HttpCallResult(end, answer: null, asked.Error, exchanges, asked.Result.Attempts), call.Secrets);
            }

            string[] hidden = [.. call.Secrets, token];
            var result = await caller.SendAsync(call with { Authorization = "Bearer " + token, Secrets = hidden }, exchanges, cancellationToken);
            if (refused is not null || result.Answer?.StatusCode != 401)
                return (result, hidden);
            refused = token;
        }
    }

    private async Task<(HttpCall Call, OAuthClient? Client)> PrepareAsync(BackgroundOperation operation, StepInputs inputs, CancellationToken cancellationToken)
    {
        var attempts = inputs.Integer("Attempts") ?? 1;
        if (attempts is < 1 or > 20)
            throw new FormatException($"Attempts is {attempts}; allowed is 1 to 20.");
        var redirects = inputs.Integer("MaxRedirects") ?? 0;
        if (redirects is < 0 or > 20)
            throw new FormatException($"MaxRedirects is {redirects}; allowed is 0 to 20.");
        var largest = inputs.Integer("MaxResponseBytes");
        if (largest < 1 || largest > options.Value.MaxResponseBytes)
            throw new FormatException($"MaxResponseBytes is {largest}; allowed is 1 to {options.Value.MaxResponseBytes} (Automation:Steps:Http:MaxResponseBytes).");
        var timeout = inputs.Duration("Timeout");
        if (timeout is { } span && (span <= TimeSpan.Zero || span > TimeSpan.FromHours(1)))
            throw new FormatException($"Timeout is {span}; allowed is more than nothing, up to 01:00:00.");
        var strategy = new HttpResilienceStrategy { MaxRetryAttempts = (int)attempts - 1, Delay = inputs.Duration("RetryDelay") ?? TimeSpan.FromSeconds(1), UseJitter = true };
        if (inputs.Text("RetryOn") is { Length: > 0 } statuses)
            strategy = strategy with { StatusCodes = Statuses(statuses) };
        if (strategy.WhyNotValid() is { } why)
            throw new FormatException("RetryDelay: " + why);

        var contentType = inputs.Text("ContentType") is { Length: > 0 } type ? type : "application/json";
        var placeholders = await SecretPlaceholders.ReadAsync(Members(inputs["Placeholders"], "Placeholders"), secrets, cancellationToken);
        var url = WithQuery(placeholders.Url(inputs.Text("Url")), placeholders.Members(Members(inputs["Query"], "Query")));
        var body = HttpContentWriter.Write(placeholders.Body(inputs["Body"], contentType), contentType);
        var headers = placeholders.Members(Members(inputs["Headers"], "Headers")).ToList();
        var (authorization, client, hidden) = await AuthenticateAsync(inputs, headers, body?.Bytes ?? [], placeholders, cancellationToken);
        placeholders.CheckUsed();
        var certificate = inputs.Text("ClientCertificate") is { Length: > 0 } name ? await secrets.ReadAsync(name, cancellationToken) : null;
        var call = new HttpCall
        {
            Url = url,
            Method = inputs.Text("Method"),
            Content = body?.Bytes,
            ContentType = body?.ContentType,
            Headers = headers,
            Authorization = authorization,
            IdempotencyKey = operation.IdempotencyKey(),
            Resilience = attempts > 1 ? strategy : null,
            Timeout = timeout,
            MaxRedirects = (int)redirects,
            MaxResponseBytes = largest,
            Secrets = [.. hidden, .. placeholders.Secrets],
            KeepsHostLimits = true,
            Job = operation.Job,
            ClientCertificate = certificate,
        };
        return (call, client);
    }

    private async Task<(string? Authorization, OAuthClient? Client, string[] Secrets)> AuthenticateAsync(
        StepInputs inputs, List<KeyValuePair<string, object?>> headers, byte[] body, SecretPlaceholders placeholders, CancellationToken cancellationToken)
    {
        var kind = inputs.Text("Authentication");
        if (kind.Length == 0 || kind.Equals("None", StringComparison.OrdinalIgnoreCase))
            return (null, null, []);
        var name = inputs.Text("Secret");
        if (name.Length == 0)
            throw new FormatException($"Authentication is {kind}, but Secret names no stored secret.");
        var secret = await secrets.ReadAsync(name, cancellationToken);
        if (kind.ToUpperInvariant() is "BEARER" or "APIKEY" && !Ascii.IsValid(secret))
            throw new FormatException($"The secret \"{name}\" has letters beyond ASCII, which a header cannot carry.");
        var header = inputs.Text("HeaderName");
        switch (kind.ToUpperInvariant())
        {
            case "BASIC":
                var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{inputs.Text("UserName")}:{secret}"));
                return ("Basic " + pair, null, [secret, pair]);
            case "BEARER":
                return ("Bearer " + secret, null, [secret]);
            case "APIKEY":
                headers.Add(KeyValuePair.Create(header.Length == 0 ? "X-Api-Key" : header, (object?)secret));
                return (null, null, [secret]);
            case "HMAC":
                var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body));
                headers.Add(KeyValuePair.Create(header.Length == 0 ? "X-Signature" : header, (object?)("sha256=" + signature)));
                return (null, null, [secret]);
            case "OAUTH2" or "OAUTH2BODY":
                return (null, Client(inputs, secret, placeholders, inBody: kind.Length > "OAuth2".Length), [secret]);
            default:
                throw new FormatException($"Authentication is \"{kind}\"; allowed are None, Basic, Bearer, ApiKey, Hmac, OAuth2 and OAuth2Body.");
        }
    }

    private static OAuthClient Client(StepInputs inputs, string secret, SecretPlaceholders placeholders, bool inBody)
    {
        var tokenUrl = placeholders.Url(inputs.Text("TokenUrl"));
        if (tokenUrl.Length == 0)
            throw new FormatException("Authentication is OAuth2, but TokenUrl is empty.");
        var id = inputs.Text("UserName");
        if (id.Length == 0)
            throw new FormatException("Authentication is OAuth2, but UserName, the client's id, is empty.");
        var further = placeholders.Members(Members(inputs["TokenParameters"], "TokenParameters")).ToDictionary(m => m.Key, m => m.Value, StringComparer.Ordinal);
        return new OAuthClient(tokenUrl, id, secret, inputs.Text("Scope"), further.Count == 0 ? "" : PlainJson.ToText(further), inBody);
    }

    /// <summary>An object, or the JSON text of one.</summary>
    private static IEnumerable<KeyValuePair<string, object?>> Members(object? value, string name)
    {
        if (value is null or "")
            return [];
        if (value is string text)
        {
            try
            {
                using var document = JsonDocument.Parse(text);
                value = document.RootElement.Clone();
            }
            catch (JsonException e)
            {
                throw new FormatException($"{name} is not a JSON object: {e.Message}", e);
            }
        }

        return PlainJson.Members(value) ?? throw new FormatException($"{name} is not an object. Give one such as {{\"a\":\"b\"}}.");
    }

    /// <summary>Statuses and ranges of them, with commas between: <c>429, 500-599</c>.</summary>
    private static List<int> Statuses(string text)
    {
        var found = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-', 2, StringSplitOptions.TrimEntries);
            if (!TryStatus(ends[0], out var first) || !TryStatus(ends[^1], out var last) || first > last)
                throw new FormatException($"RetryOn has \"{part}\"; give statuses such as 429, or ranges such as 500-599.");
            found.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return found;

        static bool TryStatus(string text, out int status) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out status) && status is >= 100 and <= 999;
    }

    private static string WithQuery(string url, IEnumerable<KeyValuePair<string, object?>> parameters)
    {
        var hash = url.IndexOf('#', StringComparison.Ordinal);
        var query = new StringBuilder(hash < 0 ? url : url[..hash]);
        var separator = url.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        foreach (var (name, value) in parameters)
        {
            foreach (var one in PlainJson.Elements(value) ?? [value])
            {
                query.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(PlainJson.AsText(one)));
                separator = '&';
            }
        }

        return query.ToString();
    }
}
