using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Automation.Steps.Editing;

/// <summary>The API's refusals, worded the same everywhere.</summary>
public static class Refusals
{
    /// <summary>Most that one page of a list holds.</summary>
    public const int MaxTake = 1000;

    /// <summary>404: there is nothing of that id.</summary>
    /// <param name="what">What was asked for, such as "channel".</param>
    /// <param name="id">The id or name that was given.</param>
    public static ProblemHttpResult Missing(string what, string id) =>
        TypedResults.Problem(statusCode: StatusCodes.Status404NotFound, title: $"No such {what}", detail: $"There is no {what} with the id \"{id}\".");

    /// <summary>400: a parameter is not one of those that are allowed.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="value">What was given.</param>
    /// <param name="allowed">What is allowed.</param>
    public static ProblemHttpResult Range(string name, object? value, string allowed) =>
        TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "A parameter is out of range", detail: $"{name} is \"{value}\"; allowed is {allowed}.");

    /// <summary>400: what is to be stored cannot be like this.</summary>
    /// <param name="what">What it is, such as "channel".</param>
    /// <param name="detail">Why.</param>
    public static ProblemHttpResult Invalid(string what, string detail) =>
        TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: $"The {what} cannot be like this", detail: detail);

    /// <summary>409: what is asked for does not go with how things are.</summary>
    /// <param name="detail">Why.</param>
    public static ProblemHttpResult Conflict(string detail) =>
        TypedResults.Problem(statusCode: StatusCodes.Status409Conflict, title: "This cannot be done now", detail: detail);

    /// <summary>The refusal of a page size; null where it is allowed.</summary>
    /// <param name="take">How many are wanted; null for the default.</param>
    public static ProblemHttpResult? OfSize(int? take) => take is < 1 or > MaxTake ? Range("take", take, $"1 to {MaxTake}") : null;
}
