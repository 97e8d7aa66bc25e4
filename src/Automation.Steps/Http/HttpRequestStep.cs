using System.Text;
using System.Text.Json;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Http;

/// <summary>Does the work of Elsa's activities that call others over HTTP.</summary>
internal sealed class HttpRequestStep(HttpCaller caller, StoredFiles files, IOptions<HttpOptions> options) : IBackgroundActivity
{
    public const string SendHttpRequest = "Elsa.SendHttpRequest";
    public const string FlowSendHttpRequest = "Elsa.FlowSendHttpRequest";
    public const string DownloadHttpFile = "Elsa.DownloadHttpFile";

    public async Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken)
    {
        var inputs = operation.Inputs;
        HttpResilienceStrategy? strategy;
        try
        {
            strategy = Strategy(operation.Resilience) ?? (inputs.GetValueOrDefault("EnableResiliency") is true ? new HttpResilienceStrategy() : null);
        }
        catch (FormatException e)
        {
            return new OperationResult { Error = new OperationError(OperationErrorKind.Failed, e.Message, nameof(FormatException)) };
        }

        var download = operation.ActivityType == DownloadHttpFile;
        var url = PlainJson.AsText(inputs.GetValueOrDefault("Url"));
        var content = inputs.GetValueOrDefault("Content");
        var authorization = PlainJson.AsText(inputs.GetValueOrDefault("Authorization"));
        var result = await caller.SendAsync(
            new HttpCall
            {
                Url = url,
                Method = PlainJson.AsText(inputs.GetValueOrDefault("Method")) is { Length: > 0 } method ? method : "GET",
                Content = await files.ReadAsync(content, cancellationToken) ?? content,
                ContentType = PlainJson.AsText(inputs.GetValueOrDefault(download ? "RequestContentType" : "ContentType")),
                Authorization = authorization,
                // A server that repeats it must not bring it into the record.
                Secrets = Credentials(authorization),
                Headers = PlainJson.Members(inputs.GetValueOrDefault("RequestHeaders")),
                IdempotencyKey = operation.IdempotencyKey(),
                Resilience = strategy,
                KeepsHostLimits = true,
                Job = operation.Job,
            },
            cancellationToken);

        Record(operation, result);
        return result.End == HttpCallEnd.Answered
            ? new OperationResult { Outputs = download ? File(operation, url, result.Answer!) : Content(result.Answer!), HasRetries = result.Attempts > 1 }
            : new OperationResult { Error = Error(result), HasRetries = result.Attempts > 1 };
    }

    /// <summary>Keeps the record of a call with the end of its job.</summary>
    public static void Record(BackgroundOperation operation, HttpCallResult result)
    {
        var owner = new HttpExchangeOwner(operation.InstanceId, operation.ActivityInstanceId, operation.Job?.Id);
        operation.CommitWith(unit => HttpExchangeLog.AddTo(unit, owner, result.Exchanges));
    }

    /// <summary>What is secret about an Authorization header: what follows the scheme, and the password in it.</summary>
    private static string[] Credentials(string authorization)
    {
        if (authorization.Trim() is not { Length: > 0 } header)
            return [];
        var credential = header[(header.IndexOf(' ', StringComparison.Ordinal) + 1)..].TrimStart();
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return [credential];
        var pair = new byte[credential.Length];
        return Convert.TryFromBase64String(credential, pair, out var length) && Encoding.UTF8.GetString(pair, 0, length).Split(':', 2) is [_, { Length: > 0 } password]
            ? [credential, password]
            : [credential];
    }

    /// <summary>Why there is no answer, in the kinds that activities branch by.</summary>
    public static OperationError Error(HttpCallResult result) => new(
        result.End switch
        {
            HttpCallEnd.FailedToConnect or HttpCallEnd.HeldBack => OperationErrorKind.Connection,
            HttpCallEnd.TimedOut => OperationErrorKind.Timeout,
            _ => OperationErrorKind.Failed,
        },
        result.Error!,
        result.End == HttpCallEnd.Refused ? nameof(Outgoing.OutgoingRefusedException) : nameof(HttpRequestException));

    /// <summary>The strategy that an activity chose: by its id, or given whole.</summary>
    private HttpResilienceStrategy? Strategy(object? chosen)
    {
        switch (chosen)
        {
            case null or "" or JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined }:
                return null;
            case string text when text.AsSpan().TrimStart() is ['{', ..]:
                return Read(Encoding.UTF8.GetBytes(text));
            case string or JsonElement { ValueKind: JsonValueKind.String }:
                var id = PlainJson.AsText(chosen);
                var known = options.Value.ResilienceStrategies;
                return known.FirstOrDefault(s => s.Id == id)
                    ?? throw new FormatException($"The resilience strategy \"{id}\" does not exist. Known are: {(known.Count == 0 ? "none" : string.Join(", ", known.Select(s => s.Id)))} (Automation:Steps:Http:ResilienceStrategies).");
            case HttpResilienceStrategy strategy:
                return strategy;
            default:
                return Read(PlainJson.ToUtf8(chosen));
        }
    }

    private static HttpResilienceStrategy Read(byte[] json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return HttpResilienceStrategy.Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The resilience strategy is not valid JSON: {e.Message}", e);
        }
    }

    private static Dictionary<string, object?> Content(HttpAnswer answer) => new(StringComparer.Ordinal)
    {
        ["StatusCode"] = (long)answer.StatusCode,
        // Also where there is none: a variable bound to it must not show the content of an earlier answer.
        ["ParsedContent"] = answer.ParseContent(),
        ["ResponseHeaders"] = answer.Headers,
    };

    private static Dictionary<string, object?> File(BackgroundOperation operation, string url, HttpAnswer answer)
    {
        var file = StoredFiles.Add(operation, url, answer);
        return new(StringComparer.Ordinal)
        {
            ["StatusCode"] = (long)answer.StatusCode,
            // State that outlives a restart has no streams: steps that take one as content take the file as well.
            ["ResponseContentStream"] = file,
            ["ResponseContentBytes"] = answer.Body,
            ["ResponseHeaders"] = answer.Headers,
            ["ResponseContentHeaders"] = answer.ContentHeaders,
            ["Response"] = new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                ["statusCode"] = (long)answer.StatusCode,
                ["reasonPhrase"] = answer.ReasonPhrase,
                ["headers"] = answer.Headers,
                ["contentHeaders"] = answer.ContentHeaders,
            },
            ["Result"] = file,
        };
    }
}
