using System.Diagnostics;
using System.Text.Json;
using Automation.Storage.Writes;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Http;

namespace Automation.Studio.Api;

/// <summary>Errors in the form whose texts the Studio shows in its red snackbar.</summary>
internal static class Problems
{
    public static IResult Error(int status, params IEnumerable<string> messages) => new ProblemResult(status, [.. messages], null);

    /// <summary>A definition is refused: each error as a sentence for the Studio, and in its parts for machines.</summary>
    /// <param name="problems">What was found; only errors are shown.</param>
    /// <param name="elsaQuirks">Whether to answer 500 where a genuine server does.</param>
    public static IResult Refused(IEnumerable<DefinitionProblem> problems, bool elsaQuirks = false)
    {
        var errors = problems.Where(p => p.Severity == ProblemSeverity.Error).ToList();
        var status = elsaQuirks && errors.Exists(p => p.IsServerErrorInElsa) ? StatusCodes.Status500InternalServerError : StatusCodes.Status400BadRequest;
        return new ProblemResult(status, [.. errors.Select(p => p.ToString())], [.. errors.Select(DefinitionFault.From)]);
    }

    /// <summary>Definitions say what is wrong with them; everything else that callers can mend becomes a sentence too.</summary>
    public static async ValueTask<object?> CatchAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (DefinitionException e)
        {
            return Refused(e.Problems);
        }
        catch (DefinitionReadonlyException e)
        {
            return Error(StatusCodes.Status403Forbidden, e.Message);
        }
        catch (DefinitionConflictException e)
        {
            return Error(StatusCodes.Status409Conflict, e.Message);
        }
        catch (DefinitionNotFoundException)
        {
            return TypedResults.NotFound();
        }
        catch (Exception e) when (e is BadInputException or JsonException or BadHttpRequestException or ValueConversionException)
        {
            return Error(StatusCodes.Status400BadRequest, e.Message);
        }
        catch (InstanceStateException e)
        {
            return Error(StatusCodes.Status500InternalServerError, e.Message);
        }
        catch (StorageUnavailableException e)
        {
            context.HttpContext.Response.Headers.RetryAfter = "1";
            return Error(StatusCodes.Status503ServiceUnavailable, e.Message);
        }
    }

    private sealed class ProblemResult(int status, IReadOnlyList<string> messages, IReadOnlyList<DefinitionFault>? problems) : IResult
    {
        public async Task ExecuteAsync(HttpContext context)
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/problem+json; charset=utf-8";
            var body = new ProblemBody(
                "https://www.rfc-editor.org/rfc/rfc9110#section-15",
                status == StatusCodes.Status400BadRequest ? "One or more validation errors occurred." : messages[0],
                status,
                context.Request.Path,
                Activity.Current?.Id ?? context.TraceIdentifier,
                new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["generalErrors"] = messages },
                problems);
            await JsonSerializer.SerializeAsync(context.Response.Body, body, StudioJson.Default.ProblemBody, context.RequestAborted);
        }
    }
}

/// <summary>A value of a request is not acceptable; the message names it and what is.</summary>
internal sealed class BadInputException(string message) : Exception(message);

internal sealed record ProblemBody(
    string Type, string Title, int Status, string Instance, string TraceId, IReadOnlyDictionary<string, IReadOnlyList<string>> Errors,
    IReadOnlyList<DefinitionFault>? Problems);

/// <summary>One thing that is wrong with a definition; line and column are those in an expression.</summary>
internal sealed record DefinitionFault(string? ActivityId, string? ActivityName, string? Property, string Reason, int? Line, int? Column)
{
    public static DefinitionFault From(DefinitionProblem problem) => new(
        problem.ActivityId, problem.ActivityName, problem.Property, problem.Reason, problem.Line > 0 ? problem.Line : null, problem.Column > 0 ? problem.Column : null);
}
