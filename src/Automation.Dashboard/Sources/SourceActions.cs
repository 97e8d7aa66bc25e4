using Automation.Dashboard.Access;
using Automation.Dashboard.Shared;
using Automation.Dashboard.Shell;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Sources;

/// <summary>Sends test events: from the button of a source's page, and over HTTP.</summary>
internal static class SourceActions
{
    public static void MapSourceActions(this IEndpointRouteBuilder app)
    {
        app.MapPost("/sources/{slug}/test", TestAsync).AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery()
            .WithMetadata(new LeastRoleAttribute(Role.Operator)).ExcludeFromDescription();
        app.MapPost("/api/sources/{slug}/test", TestOverHttpAsync).WithTags("Sources").WithName("SendTestEvent")
            .WithSummary("Sends a sample of the source to its own webhook, signed, with new ids and times.").WithMetadata(new LeastRoleAttribute(Role.Operator));
    }

    private static async Task<IResult> TestAsync(string slug, HttpContext context, TestEvents tests)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var sample = form["sample"].ToString();
        if (await tests.SendAsync(slug, sample, context.RequestAborted) is { } answer)
            Flash.Set(context, $"{(answer.Status is >= 200 and < 300 ? "sent " : "")}{sample}: {(answer.Status == 0 ? "not sent. " : answer.Status + " ")}{answer.Text}");
        return Results.Redirect("/sources/" + Uri.EscapeDataString(slug));
    }

    private static async Task<Results<Ok<TestAnswer>, ProblemHttpResult>> TestOverHttpAsync(string slug, string sample, TestEvents tests, CancellationToken cancellationToken) =>
        await tests.SendAsync(slug, sample, cancellationToken) is { } answer ? TypedResults.Ok(answer) : Problems.Missing("source or sample", $"{slug} {sample}");
}
