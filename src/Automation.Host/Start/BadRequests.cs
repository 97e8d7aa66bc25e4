using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Automation.Intake;
using Automation.Storage.Writes;
using Microsoft.AspNetCore.Http.Metadata;

namespace Automation.Host.Start;

/// <summary>
/// Says what is wrong with a request whose body or parameters cannot be read, and where; minimal APIs alone answer 400 without
/// a word. And that the database is away, which is nobody's mistake and may be tried again.
/// </summary>
internal static partial class BadRequests
{
    /// <summary>Adds the answers for machines; innermost, so that whoever looks at answers sees them. Pages are left to those who make pages.</summary>
    public static void UseBadRequests(this IApplicationBuilder app, Func<HttpContext, bool> isForMachines) => app.Use(async (context, next) =>
    {
        string? detail;
        try
        {
            await next(context);
            // Of these nothing is thrown.
            detail = context.Response.HasStarted || context.Response.ContentType is not null ? null : context.Response.StatusCode switch
            {
                StatusCodes.Status400BadRequest => UnreadableParameter(context),
                StatusCodes.Status415UnsupportedMediaType => $"The content type is \"{context.Request.ContentType}\"; application/json is wanted.",
                _ => null,
            };
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = e.StatusCode;
            detail = Explain(e);
        }
        catch (StorageUnavailableException e) when (!context.Response.HasStarted && isForMachines(context))
        {
            await TypedResults.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "The database cannot take this now", detail: e.Message).ExecuteAsync(context);
            return;
        }

        if (detail is not null && isForMachines(context))
            await TypedResults.Problem(statusCode: context.Response.StatusCode, title: "The request cannot be read", detail: detail).ExecuteAsync(context);
    });

    /// <summary>What is wrong and where, in the API's words rather than in those of the program.</summary>
    private static string Explain(BadHttpRequestException exception)
    {
        if (exception.InnerException is JsonException json)
        {
            var place = JsonReason.Place(json);
            return $"The JSON body cannot be read{(place.Length == 0 ? "" : place[0] == '(' ? " " + place : " at " + place)}: {JsonReason.Of(json)}";
        }

        if (Missing().Match(exception.Message) is { Success: true } missing && missing.Groups["from"].Value is not "body")
            return $"{missing.Groups["name"]} is missing from the {missing.Groups["from"]}.";
        return exception.Message.StartsWith("Implicit body", StringComparison.Ordinal) || exception.Message.StartsWith("Required parameter", StringComparison.Ordinal)
            ? "A JSON body is wanted."
            : exception.Message;
    }

    /// <summary>The first parameter of the endpoint whose text is no value of its type.</summary>
    private static string? UnreadableParameter(HttpContext context)
    {
        foreach (var parameter in context.GetEndpoint()?.Metadata.GetOrderedMetadata<IParameterBindingMetadata>() ?? [])
        {
            var text = context.Request.RouteValues.GetValueOrDefault(parameter.Name)?.ToString() ?? context.Request.Query[parameter.Name].ToString();
            var type = Nullable.GetUnderlyingType(parameter.ParameterInfo.ParameterType) ?? parameter.ParameterInfo.ParameterType;
            var wanted = type switch
            {
                _ when text.Length == 0 => null,
                _ when type == typeof(int) => int.TryParse(text, CultureInfo.InvariantCulture, out _) ? null : "a whole number",
                _ when type == typeof(long) => long.TryParse(text, CultureInfo.InvariantCulture, out _) ? null : "a whole number",
                _ when type == typeof(bool) => bool.TryParse(text, out _) ? null : "true or false",
                _ when type == typeof(DateTimeOffset) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _) ? null : "a time such as 2026-01-15T12:00:00Z",
                _ => null,
            };
            if (wanted is not null)
                return $"{parameter.Name} is \"{text}\"; {wanted} is wanted.";
        }

        return null;
    }

    [GeneratedRegex("""^Required parameter ".+ (?<name>\S+)" was not provided from (?<from>.+)\.$""", RegexOptions.None, 1000)]
    private static partial Regex Missing();
}
