using System.Text.Json;
using Automation.Storage;
using Automation.Storage.Writes;
using Automation.Workflows.Activities.Http;
using Automation.Workflows.Execution;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Endpoints;

/// <summary>
/// Serves the HTTP endpoints of workflows: a request starts a published workflow or resumes a waiting instance, and is answered
/// with what the workflow writes. An endpoint is open to everybody unless it asks for authorization itself.
/// </summary>
internal sealed partial class WorkflowEndpoints
{
    private const string InstanceHeader = "X-Workflow-Instance-ID";
    private const string CorrelationHeader = "X-Correlation-ID";
    private const int MaxIdLength = 128;

    private readonly RequestDelegate _next;
    private readonly HttpTargets _targets;
    private readonly WorkflowRuntime _runtime;
    private readonly WorkflowAnswer _answer;
    private readonly EndpointRequestReader _reader;
    private readonly EndpointOptions _options;
    private readonly ILogger _logger;
    private int _served;

    public WorkflowEndpoints(
        RequestDelegate next, HttpTargets targets, WorkflowRuntime runtime, WorkflowAnswer answer, IOptions<EndpointOptions> options, TimeProvider clock,
        ILogger<WorkflowEndpoints> logger)
    {
        _next = next;
        _targets = targets;
        _runtime = runtime;
        _answer = answer;
        _options = options.Value;
        _reader = new EndpointRequestReader(_options, clock);
        _logger = logger;
    }

    public async Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments(_options.BasePath, StringComparison.OrdinalIgnoreCase, out var rest))
        {
            await _next(context);
            return;
        }

        if (Interlocked.Increment(ref _served) > _options.MaxRequests)
        {
            Interlocked.Decrement(ref _served);
            await EndpointProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "Too many requests are being served. Try again later.", retryAfter: 1);
            return;
        }

        try
        {
            await ServeAsync(context, rest.Value ?? "");
        }
        catch (EndpointRefusal refusal)
        {
            LogRefused(context.Request.Method, context.Request.Path, refusal.Status, refusal.Message);
            await RefuseAsync(context, refusal);
        }
        catch (BadHttpRequestException e)
        {
            await EndpointProblem.WriteAsync(context, e.StatusCode, e.Message);
        }
        catch (StorageUnavailableException e)
        {
            LogRefused(context.Request.Method, context.Request.Path, StatusCodes.Status503ServiceUnavailable, e.Message);
            await EndpointProblem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The request could not be stored, so no workflow has taken it. Send it again later.", retryAfter: 1);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; what was started goes on.
        }
        finally
        {
            Interlocked.Decrement(ref _served);
        }
    }

    private async Task ServeAsync(HttpContext context, string path)
    {
        var request = context.Request;
        var instanceId = Named(request, InstanceHeader, "workflowInstanceId");
        var correlationId = Named(request, CorrelationHeader, "correlationId");
        var targets = await _targets.FindAsync(path, request.Method, instanceId, correlationId, context.RequestAborted);
        if (targets.Count == 0)
        {
            // The Studio's own links begin with the same path.
            if (context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } pattern } && pattern.StartsWith(_options.BasePath + "/", StringComparison.OrdinalIgnoreCase))
                await _next(context);
            else
                await NothingHereAsync(context, path);
            return;
        }

        if (targets.Count > 1)
        {
            await AmbiguousAsync(context, targets);
            return;
        }

        var target = targets[0];
        var rules = EndpointRules.From(target.Options);
        await IdentifyAsync(context);
        if (!await IsAllowedAsync(context, rules))
            return;
        var payload = await _reader.ReadAsync(context, target.RouteData, rules);
        if (payload.Rejection is { } rejection && !rules.Exposed.Contains(rejection.Outcome, StringComparer.Ordinal))
            throw new EndpointRefusal(rejection.StatusCode, rejection.Message);
        await RunAsync(context, target, payload, instanceId, correlationId, rules.RequestTimeout ?? _options.ResponseTimeout);
    }

    private async Task RunAsync(HttpContext context, HttpTarget target, HttpRequestPayload payload, string? instanceId, string? correlationId, TimeSpan timeout)
    {
        var wait = new WaitOptions(timeout, UntilResponse: true);
        InstanceSnapshot instance;
        IReadOnlyList<WorkflowEffect> responses;
        if (target.BookmarkId is { } bookmarkId)
        {
            var resumed = await _runtime.ResumeAndWaitAsync(bookmarkId, payload.ToPlain(), wait, context.RequestAborted);
            if (!resumed.Resumed)
                throw new EndpointRefusal(StatusCodes.Status404NotFound, "The workflow does not wait for this request any more: another one was faster.");
            (instance, responses) = (resumed.Instance!, resumed.Responses);
        }
        else
        {
            var trigger = target.Trigger!;
            if (instanceId is not null && !instanceId.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
                throw new EndpointRefusal(StatusCodes.Status400BadRequest, $"{InstanceHeader} may have letters, digits, - and _ where it is to be the id of a new instance.");
            var started = await _runtime.RunAsync(
                new StartWorkflowRequest
                {
                    DefinitionId = trigger.DefinitionId,
                    DefinitionVersionId = trigger.DefinitionVersionId,
                    InstanceId = instanceId,
                    CorrelationId = correlationId,
                    TriggerActivityId = trigger.ActivityId,
                    TriggerPayload = payload.ToPlain(),
                    IsTriggered = true,
                },
                wait, context.RequestAborted);
            if (!started.Started)
                throw NotStarted(started);
            (instance, responses) = (started.Instance!, started.Responses);
        }

        context.Response.Headers[InstanceHeader] = instance.Id;
        if (WorkflowAnswer.Find(responses) is { } response)
            await _answer.WriteAsync(context, response);
        else if (instance.SubStatus == WorkflowSubStatus.Faulted)
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        else if (instance.Status == WorkflowStatus.Running && instance.HasPendingOperations)
            throw new EndpointRefusal(StatusCodes.Status504GatewayTimeout, $"The workflow has not answered in time. It goes on, as instance {instance.Id}.");
    }

    private static EndpointRefusal NotStarted(StartResult result) => result.CannotStart switch
    {
        CannotStart.DefinitionNotFound => new EndpointRefusal(StatusCodes.Status404NotFound, "The workflow is not published any more."),
        CannotStart.RefusedByActivationStrategy => new EndpointRefusal(StatusCodes.Status409Conflict, result.Reason!),
        CannotStart.InstanceExists => new EndpointRefusal(StatusCodes.Status404NotFound, $"The instance {result.Instance!.Id} does not wait for this request."),
        _ => new EndpointRefusal(StatusCodes.Status400BadRequest, result.Reason ?? "The workflow cannot be started."),
    };

    /// <summary>Finds out who calls where the caller says so, for endpoints that ask and so that credentials of this server reach no workflow.</summary>
    private static async Task IdentifyAsync(HttpContext context)
    {
        if (!context.Request.Headers.ContainsKey("Authorization") && !context.Request.Headers.ContainsKey("Cookie"))
            return;
        if (await context.AuthenticateAsync() is { Succeeded: true, Principal: { } caller })
            context.User = caller;
    }

    private async Task<bool> IsAllowedAsync(HttpContext context, EndpointRules rules)
    {
        if (!rules.Authorize && rules.Policy is null)
            return true;
        if (context.User.Identity is not { IsAuthenticated: true })
        {
            context.Response.Headers.WWWAuthenticate = "ApiKey";
            await EndpointProblem.WriteAsync(context, StatusCodes.Status401Unauthorized, "This endpoint asks for an API key: send the header \"Authorization: ApiKey KEY\".");
            return false;
        }

        if (rules.Policy is not { } name)
            return true;
        var policies = (IAuthorizationPolicyProvider)context.RequestServices.GetService(typeof(IAuthorizationPolicyProvider))!;
        var authorization = (IAuthorizationService)context.RequestServices.GetService(typeof(IAuthorizationService))!;
        if (await policies.GetPolicyAsync(name) is not { } policy)
            LogUnknownPolicy(name, context.Request.Path);
        else if ((await authorization.AuthorizeAsync(context.User, context, policy)).Succeeded)
            return true;
        await EndpointProblem.WriteAsync(context, StatusCodes.Status403Forbidden, $"Your key or session does not meet the policy \"{name}\" of this endpoint.");
        return false;
    }

    private Task NothingHereAsync(HttpContext context, string path)
    {
        var methods = _targets.MethodsOf(path);
        if (methods.Count > 0)
            context.Response.Headers.Allow = string.Join(", ", methods);
        return EndpointProblem.WriteAsync(
            context, StatusCodes.Status404NotFound,
            methods.Count > 0 && !methods.Contains(context.Request.Method, StringComparer.OrdinalIgnoreCase)
                ? $"The path is served for {string.Join(", ", methods)}, not for {context.Request.Method}."
                : "No published workflow is served here, and none waits for this request.");
    }

    private static Task AmbiguousAsync(HttpContext context, IReadOnlyList<HttpTarget> targets)
    {
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return context.Response.WriteAsJsonAsync(
            new
            {
                errorMessage = "The call is ambiguous and matches multiple workflows.",
                workflows = targets.Select(t => t.Trigger is { } trigger
                    ? new Dictionary<string, string?>(StringComparer.Ordinal) { ["WorkflowDefinitionId"] = trigger.DefinitionId, ["ActivityId"] = trigger.ActivityId }
                    : new Dictionary<string, string?>(StringComparer.Ordinal) { ["WorkflowInstanceId"] = t.InstanceId }),
            },
            JsonSerializerOptions.Web, context.RequestAborted);
    }

    private static Task RefuseAsync(HttpContext context, EndpointRefusal refusal)
    {
        if (refusal.Json is not { } json)
            return EndpointProblem.WriteAsync(context, refusal.Status, refusal.Message);
        // The form in which Elsa tells it.
        context.Response.StatusCode = refusal.Status;
        return context.Response.WriteAsJsonAsync(
            new { message = json.Message, path = json.Path ?? "$", lineNumber = json.LineNumber, bytePositionInLine = json.BytePositionInLine }, JsonSerializerOptions.Web, context.RequestAborted);
    }

    private static string? Named(HttpRequest request, string header, string query)
    {
        var value = request.Headers[header].FirstOrDefault() is { Length: > 0 } named ? named : request.Query[query].FirstOrDefault();
        if (string.IsNullOrWhiteSpace(value))
            return null;
        return value.Length <= MaxIdLength && !value.Any(char.IsControl)
            ? value
            : throw new EndpointRefusal(StatusCodes.Status400BadRequest, $"{header} may have {MaxIdLength} characters, none of them control characters.");
    }

    [LoggerMessage(LogLevel.Information, "{Method} {Path} was refused, {Status}: {Reason}")]
    private partial void LogRefused(string method, PathString path, int status, string reason);

    [LoggerMessage(LogLevel.Warning, "The policy {Policy} that the endpoint {Path} asks for does not exist, so nobody meets it")]
    private partial void LogUnknownPolicy(string policy, PathString path);
}
