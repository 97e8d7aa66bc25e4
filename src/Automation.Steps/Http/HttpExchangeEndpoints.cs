using System.Text.Json;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Steps.Http;

/// <summary>The kept records of HTTP calls over HTTP.</summary>
public static class HttpExchangeEndpoints
{
    private const int DefaultTake = 100;

    /// <summary>Maps <c>/api/instances/{id}/exchanges</c> and <c>/api/jobs/{id}/exchanges</c>, oldest first.</summary>
    /// <param name="app">The routes.</param>
    public static void MapHttpExchanges(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/instances/{id}/exchanges", async Task<Results<Ok<ExchangePage>, ProblemHttpResult>> (string id, string? after, int? take, HttpExchangeLog log, CancellationToken cancellationToken) =>
            Refusals.OfSize(take) is { } problem ? problem : Page(await log.OfInstanceAsync(id, after, take ?? DefaultTake, cancellationToken), take ?? DefaultTake))
            .WithTags("Instances").WithName("ListExchangesOfInstance").WithMetadata(new LeastRoleAttribute(Role.Viewer)).WithSummary("Lists the HTTP exchanges of an instance, oldest first; its \"next\" is the next page's \"after\".");
        app.MapGet("/api/jobs/{id:long}/exchanges", async Task<Results<Ok<ExchangePage>, ProblemHttpResult>> (long id, string? after, int? take, HttpExchangeLog log, CancellationToken cancellationToken) =>
            Refusals.OfSize(take) is { } problem ? problem : Page(await log.OfJobAsync(id, after, take ?? DefaultTake, cancellationToken), take ?? DefaultTake))
            .WithTags("Jobs").WithName("ListExchangesOfJob").WithMetadata(new LeastRoleAttribute(Role.Viewer)).WithSummary("Lists the HTTP exchanges of a job, oldest first; its \"next\" is the next page's \"after\".");
    }

    /// <summary>A page, and the id to ask for the next one with; null at the end.</summary>
    private static Ok<ExchangePage> Page(IReadOnlyList<StoredHttpExchange> found, int take) =>
        TypedResults.Ok(new ExchangePage([.. found.Select(View)], found.Count == take ? found[^1].Exchange.Id : null));

    private static ExchangeView View(StoredHttpExchange stored)
    {
        var e = stored.Exchange;
        return new ExchangeView(
            e.Id, stored.Owner.InstanceId, stored.Owner.ActivityExecutionId, stored.Owner.JobId, e.Attempt, e.StartedAt, e.Duration.TotalMilliseconds, e.End.ToString(), e.Error,
            e.RetryDelay?.TotalMilliseconds, e.IdempotencyKey,
            new ExchangeMessage(e.Method, e.Url, null, null, Json(e.RequestHeaders), e.RequestBody, e.RequestBytes),
            e.StatusCode is null ? null : new ExchangeMessage(null, null, e.StatusCode, e.ReasonPhrase, Json(e.ResponseHeaders), e.ResponseBody, e.ResponseBytes));
    }

    private static JsonElement? Json(string? text)
    {
        if (text is null)
            return null;
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    internal sealed record ExchangePage(IReadOnlyList<ExchangeView> Items, string? Next);

    internal sealed record ExchangeView(
        string Id, string InstanceId, string ActivityExecutionId, long? JobId, int Attempt, DateTimeOffset StartedAt, double DurationMs, string Outcome, string? Error,
        double? RetryDelayMs, string? IdempotencyKey, ExchangeMessage Request, ExchangeMessage? Response);

    internal sealed record ExchangeMessage(string? Method, string? Url, int? Status, string? Reason, JsonElement? Headers, string? Body, long Bytes);
}
