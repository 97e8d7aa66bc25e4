using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Steps.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace Automation.Studio.Api.Other;

/// <summary>The named strategies by which HTTP calls are repeated, and the attempts that failed.</summary>
internal static class ResilienceEndpoints
{
    private const string Category = "HTTP";

    // More attempts than a call may have.
    private const int Most = 1000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/resilience/strategies", Strategies);
        api.MapGet("/resilience/retries/{activityInstanceId}", RetriesAsync);
    }

    private static IResult Strategies(HttpContext context, IOptions<HttpOptions> options)
    {
        var wanted = context.Request.Text("category");
        IEnumerable<HttpResilienceStrategy> strategies = wanted is null || wanted.Equals(Category, StringComparison.OrdinalIgnoreCase) ? options.Value.ResilienceStrategies : [];
        return TypedResults.Json(
            new ListAnswer<JsonObject>([.. strategies.Select(s => new JsonObject
            {
                ["$type"] = nameof(HttpResilienceStrategy),
                ["id"] = s.Id,
                ["displayName"] = s.DisplayName.Length > 0 ? s.DisplayName : s.Id,
                ["maxRetryAttempts"] = s.MaxRetryAttempts,
                ["useJitter"] = s.UseJitter,
                ["delay"] = s.Delay.ToString("c", CultureInfo.InvariantCulture),
                ["backoffType"] = s.BackoffType.ToString(),
            })]),
            StudioJson.Default.ListAnswerJsonObject);
    }

    /// <summary>The attempts of an activity after which another was made.</summary>
    private static async Task<IResult> RetriesAsync(HttpContext context, string activityInstanceId, HttpExchangeLog log, Workflows.Queries.JournalQueries journal)
    {
        var (skip, take) = context.Request.Paging();
        var attempts = await log.OfActivityExecutionAsync(activityInstanceId, after: null, Most, context.RequestAborted);
        var repeated = attempts.Where(a => a.Exchange.RetryDelay is not null).ToList();
        var activityId = repeated.Count == 0 ? null : (await journal.FindExecutionAsync(activityInstanceId, context.RequestAborted))?.ActivityId;
        return TypedResults.Json(
            new PageAnswer<JsonObject>(
                [.. repeated.Skip(skip).Take(take ?? repeated.Count).Select(a => new JsonObject
                {
                    ["id"] = a.Exchange.Id,
                    ["activityInstanceId"] = a.Owner.ActivityExecutionId,
                    ["activityId"] = activityId,
                    ["workflowInstanceId"] = a.Owner.InstanceId,
                    ["attemptNumber"] = a.Exchange.Attempt,
                    ["retryDelay"] = a.Exchange.RetryDelay!.Value.ToString("c", CultureInfo.InvariantCulture),
                    ["details"] = Details(a.Exchange),
                })],
                repeated.Count),
            StudioJson.Default.PageAnswerJsonObject);
    }

    private static JsonObject Details(HttpExchange exchange)
    {
        var details = new JsonObject();
        if (exchange.StatusCode is { } status)
            details["StatusCode"] = status.ToString(CultureInfo.InvariantCulture);
        if (exchange.ReasonPhrase is { } reason)
            details["ReasonPhrase"] = reason;
        if (exchange.Error is { } error)
            details["Error"] = error;
        var headers = exchange.ResponseHeaders is { } text ? JsonNode.Parse(text) as JsonObject : null;
        foreach (var name in (ReadOnlySpan<string>)["Content-Type", "Date", "Retry-After"])
        {
            if (headers?.FirstOrDefault(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value is JsonArray { Count: > 0 } values)
                details[name] = values[0]?.ToString();
        }

        return details;
    }
}
