using System.Globalization;
using System.Text.Json;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shared;
using Automation.Dashboard.Shell;
using Automation.Intake;
using Automation.Intake.Sources;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Sources;

/// <summary>A source as the API shows it.</summary>
/// <param name="Slug">The last part of its path.</param>
/// <param name="Version">Its version; 0 where it comes from the configuration, which alone can change it.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
/// <param name="UpdatedBy">By whom.</param>
/// <param name="Settings">Its settings, each secret as <c>*** 1</c>, <c>*** 2</c>, ….</param>
internal sealed record SourceAnswer(string Slug, long Version, DateTimeOffset? UpdatedAt, string? UpdatedBy, SourceOptions Settings);

/// <summary>A payload to propose templates for.</summary>
/// <param name="Body">The payload, JSON as text.</param>
/// <param name="Headers">Headers that came with it.</param>
internal sealed record SampleRequest(string Body, IReadOnlyDictionary<string, string>? Headers = null);

/// <summary>Makes, changes and removes sources: by the form and by the API.</summary>
internal static class SourceEditing
{
    /// <summary>What stands for a secret that is there already, with its number from 1 behind it.</summary>
    private const string Mask = "*** ";

    public static void MapSourceEditing(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("/sources").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery()
            .WithMetadata(new LeastRoleAttribute(Role.Designer)).ExcludeFromDescription();
        actions.MapPost("/save", (Delegate)SaveAsync);
        actions.MapPost("/delete", (Delegate)DeleteAsync);

        var api = app.MapGroup("/api/sources").WithTags("Sources");
        api.MapPost("/advice", Advise).WithName("ProposeTemplates").WithMetadata(new LeastRoleAttribute(Role.Viewer))
            .WithSummary("Proposes where event type, correlation key, dedupe key and time are in a payload of an unknown sender.");
        api.MapGet("/{slug}", FindAsync).WithName("FindSource").WithMetadata(new LeastRoleAttribute(Role.Viewer), new EntityTagAttribute())
            .WithSummary("A source's settings, secrets masked; the ETag is its version.");
        api.MapPut("/{slug}", PutAsync).WithName("SaveSource").WithMetadata(new LeastRoleAttribute(Role.Designer), new EntityTagAttribute())
            .WithSummary("Makes a source, or with If-Match replaces its settings. A secret written as *** 1 is the first one that is there, and so on; test events are signed with the first.");
        api.MapDelete("/{slug}", RemoveAsync).WithName("RemoveSource").WithMetadata(new LeastRoleAttribute(Role.Designer), new EntityTagAttribute())
            .WithSummary("Removes a source; wants If-Match. Its events stay in the log.");
    }

    private static async Task<IResult> SaveAsync(HttpContext context, SourceEditor editor)
    {
        var fields = await context.Request.ReadFormAsync(context.RequestAborted);
        var form = SourceForm.Of(fields);
        var replaces = fields["replaces"].ToString() is { Length: > 0 } old ? old : null;
        var version = long.TryParse(fields["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        SampleAdvice? advice = null;
        try
        {
            if (form.Sample.Length > 0)
                advice = SampleAdvisor.Propose(form.Sample);
            if (fields["do"] == "propose")
                return Page(advice is null ? form : form.With(advice), replaces, version, advice, advice is null ? "Paste a sample first." : null);

            var before = replaces is null ? null : await editor.FindAsync(replaces, context.RequestAborted);
            var made = new List<string>();
            var settings = form.ToSettings(before?.Settings ?? new SourceOptions(), made);
            var slug = replaces ?? form.Slug;
            Audit.Note(context, slug, before is null ? null : Audit.Json(Masked(before.Settings)), Audit.Json(Masked(settings)));
            await editor.SaveAsync(slug, settings, version, context.User.Identity?.Name, context.RequestAborted);
            Flash.Set(context, made.Count == 0 ? "saved" : "saved. Shown this once: " + string.Join("; ", made));
            return Results.Redirect("/sources/" + Uri.EscapeDataString(slug));
        }
        catch (Exception e) when (e is SourceRefusedException or FormatException)
        {
            Audit.Refused(context);
            return Page(form, replaces, version, advice, e.Message);
        }
        catch (JsonException e)
        {
            Audit.Refused(context);
            return Page(form, replaces, version, null, $"The sample is not JSON at line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}.");
        }
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, SourceEditor editor)
    {
        var fields = await context.Request.ReadFormAsync(context.RequestAborted);
        var slug = fields["slug"].ToString();
        try
        {
            var before = await editor.FindAsync(slug, context.RequestAborted);
            Audit.Note(context, slug, before is null ? null : Audit.Json(Masked(before.Settings)), null);
            await editor.DeleteAsync(slug, long.TryParse(fields["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0, context.RequestAborted);
            return Results.Redirect("/sources");
        }
        catch (SourceRefusedException e)
        {
            Audit.Refused(context);
            Flash.Set(context, e.Message);
            return Results.Redirect("/sources/" + Uri.EscapeDataString(slug));
        }
    }

    private static Results<Ok<SampleAdvice>, ProblemHttpResult> Advise(SampleRequest request)
    {
        try
        {
            return TypedResults.Ok(SampleAdvisor.Propose(request.Body, request.Headers));
        }
        catch (JsonException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "The payload is not JSON", detail: $"Line {(e.LineNumber ?? 0) + 1}, column {(e.BytePositionInLine ?? 0) + 1}.");
        }
    }

    private static async Task<Results<Ok<SourceAnswer>, StatusCodeHttpResult, ProblemHttpResult>> FindAsync(string slug, HttpContext context, SourceEditor editor)
    {
        if (await editor.FindAsync(slug, context.RequestAborted) is not { } found)
            return Problems.MissingSource(slug);
        context.Response.Headers.ETag = Tag(found.Version);
        return context.Request.Headers.IfNoneMatch.ToString() == Tag(found.Version) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Ok(Answer(slug, found));
    }

    private static SourceAnswer Answer(string slug, SourceSettings found) => new(slug, found.Version, found.UpdatedAt, found.UpdatedBy, Masked(found.Settings));

    private static async Task<Results<Ok<SourceAnswer>, ProblemHttpResult>> PutAsync(string slug, SourceOptions settings, HttpContext context, SourceEditor editor)
    {
        var before = await editor.FindAsync(slug, context.RequestAborted);
        try
        {
            var expected = Expected(context, before);
            Unmask(settings, before?.Settings ?? new SourceOptions());
            Audit.Note(context, slug, before is null ? null : Audit.Json(Masked(before.Settings)), Audit.Json(Masked(settings)));
            await editor.SaveAsync(slug, settings, expected, context.User.Identity?.Name, context.RequestAborted);
            if (await editor.FindAsync(slug, context.RequestAborted) is not { } saved)
                return Problems.MissingSource(slug);
            context.Response.Headers.ETag = Tag(saved.Version);
            return TypedResults.Ok(Answer(slug, saved));
        }
        catch (SourceRefusedException e)
        {
            return Refused(e, context, slug);
        }
        catch (FormatException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "The source cannot be like this", detail: e.Message);
        }
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(string slug, HttpContext context, SourceEditor editor)
    {
        if (await editor.FindAsync(slug, context.RequestAborted) is not { } before)
            return Problems.MissingSource(slug);
        try
        {
            Audit.Note(context, slug, Audit.Json(Masked(before.Settings)), null);
            await editor.DeleteAsync(slug, Expected(context, before), context.RequestAborted);
            return TypedResults.NoContent();
        }
        catch (SourceRefusedException e)
        {
            return Refused(e, context, slug);
        }
    }

    private static ProblemHttpResult Refused(SourceRefusedException e, HttpContext context, string slug) => TypedResults.Problem(
        statusCode: !e.IsConflict ? StatusCodes.Status400BadRequest : context.Request.Headers.IfMatch.Count > 0 ? StatusCodes.Status412PreconditionFailed : StatusCodes.Status409Conflict,
        title: e.IsConflict ? "The source is another one by now" : "The source cannot be like this",
        detail: e.IsConflict && context.Request.Headers.IfMatch.Count == 0
            ? $"There is a source \"{slug}\" already. To change or remove it send If-Match with its version, which GET gives as ETag."
            : e.Message);

    /// <summary>The version that the caller has seen; without If-Match only a new source can be made.</summary>
    private static long Expected(HttpContext context, SourceSettings? before)
    {
        var seen = context.Request.Headers.IfMatch.ToString();
        if (seen == "*")
            return before?.Version ?? 0;
        return long.TryParse(seen.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
    }

    private static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>The settings without their secrets.</summary>
    internal static SourceOptions Masked(SourceOptions settings)
    {
        var shown = JsonSerializer.Deserialize<SourceOptions>(JsonSerializer.SerializeToUtf8Bytes(settings))!;
        foreach (var list in Secrets(shown))
        {
            for (var i = 0; i < list.Count; i++)
                list[i] = string.Create(CultureInfo.InvariantCulture, $"{Mask}{i + 1}");
        }

        return shown;
    }

    /// <summary>Puts what is there in place of the masks.</summary>
    private static void Unmask(SourceOptions settings, SourceOptions before)
    {
        foreach (var (list, old) in Secrets(settings).Zip(Secrets(before)))
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (!list[i].StartsWith(Mask, StringComparison.Ordinal))
                    continue;
                list[i] = int.TryParse(list[i].AsSpan(Mask.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= old.Count
                    ? old[number - 1]
                    : throw new FormatException($"\"{list[i]}\" stands for a secret that is not there; there are {old.Count}.");
            }
        }
    }

    private static IEnumerable<List<string>> Secrets(SourceOptions settings) =>
        [settings.Secrets, settings.HeaderToken?.Values ?? [], settings.UrlSecrets, settings.VerifyTokens];

    private static RazorComponentResult<FormAgain> Page(SourceForm form, string? replaces, long version, SampleAdvice? advice, string? refused) =>
        FormAgain.Of<SourceFormPage>(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(SourceFormPage.Draft)] = form,
            [nameof(SourceFormPage.Replaces)] = replaces,
            [nameof(SourceFormPage.Version)] = version.ToString(CultureInfo.InvariantCulture),
            [nameof(SourceFormPage.Advice)] = advice,
            [nameof(SourceFormPage.Refused)] = refused,
        });
}
