using System.Globalization;
using System.Text.Json.Nodes;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shared;
using Automation.Dashboard.Shell;
using Automation.Intake.Mapping;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Mappings;

/// <summary>What the forms of the mapping pages do.</summary>
internal static class MappingActions
{
    /// <summary>Longest note to a change, in characters, as the API has it.</summary>
    private const int LongestNote = 1000;

    public static void MapMappingActions(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("/mappings").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery().ExcludeFromDescription();
        actions.MapPost("/save", SaveAsync).WithMetadata(new LeastRoleAttribute(Role.Designer));
        actions.MapPost("/{change:regex(^(enable|disable|delete)$)}", ChangeAsync).WithMetadata(new LeastRoleAttribute(Role.Designer));
        actions.MapPost("/history/{version:long}/restore", RestoreAsync).WithMetadata(new LeastRoleAttribute(Role.Designer));
        // Looks only: what the rule being edited would say to the latest events.
        actions.MapPost("/check", (Delegate)CheckAsync).WithMetadata(new LeastRoleAttribute(Role.Viewer));
    }

    private static async Task<IResult> SaveAsync(HttpContext context, MappingEditor editor)
    {
        var token = context.RequestAborted;
        var fields = await context.Request.ReadFormAsync(token);
        var form = RuleForm.Of(fields);
        var replaces = fields["replaces"].ToString() is { Length: > 0 } old ? old : null;
        try
        {
            var rule = form.ToRule();
            var before = replaces is null ? null : Find(await editor.ReadAsync(token), replaces)?.ToJsonString();
            Audit.Note(context, form.Id.Length > 0 ? form.Id : replaces ?? "new rule", before, rule.ToJsonString());
            await editor.SaveAsync(replaces, rule, fields["version"], context.User.Identity?.Name, Note(fields), token);
            return Results.Redirect("/mappings");
        }
        catch (MappingRefusedException e)
        {
            // The form comes back as it was filled, with the reason.
            Audit.Refused(context);
            return FormAgain.Of<RulePage>(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(RulePage.Draft)] = form,
                [nameof(RulePage.Refused)] = e.Message,
                [nameof(RulePage.Replaces)] = replaces,
                [nameof(RulePage.Version)] = fields["version"].ToString(),
                [nameof(RulePage.Note)] = fields["note"].ToString(),
            });
        }
    }

    private static async Task<IResult> ChangeAsync(string change, HttpContext context, MappingEditor editor)
    {
        var token = context.RequestAborted;
        var form = await context.Request.ReadFormAsync(token);
        var id = form["rule"].ToString();
        try
        {
            if (Find(await editor.ReadAsync(token), id) is not { } rule)
                throw new MappingRefusedException($"There is no rule \"{id}\" in the mappings file.");
            var before = rule.ToJsonString();
            var next = change == "delete" ? null : (JsonObject)rule.DeepClone();
            next?.Remove("enabled");
            if (change == "disable")
                next!["enabled"] = false;
            Audit.Note(context, id, before, next?.ToJsonString());
            await editor.SaveAsync(id, next, form["version"], context.User.Identity?.Name, null, token);
        }
        catch (MappingRefusedException e)
        {
            Refuse(context, e.Message);
        }

        return Results.Redirect("/mappings");
    }

    /// <summary>Puts a version back if what is in force is still what its page compared it with.</summary>
    private static async Task<IResult> RestoreAsync(long version, HttpContext context, MappingStore store, MappingHistory history)
    {
        var token = context.RequestAborted;
        var form = await context.Request.ReadFormAsync(token);
        var page = string.Create(CultureInfo.InvariantCulture, $"/mappings/history/{version}");
        try
        {
            if (await history.FindAsync(version, token) is not { } found)
                throw new MappingRefusedException(string.Create(CultureInfo.InvariantCulture, $"There is no version {version} of the mappings any more."));
            if (found.Content.Length > 0 && store.Check(found.Content).Problem is { } problem)
                throw new MappingRefusedException(problem);
            var (seen, change) = await history.CompareWithLatestAsync(version, token);
            Audit.Note(context, string.Create(CultureInfo.InvariantCulture, $"version {version}"), Audit.Json(change?.Changes.Select(c => c.Before)), Audit.Json(change?.Changes.Select(c => c.After)));
            var expected = long.TryParse(form["seen"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : seen;
            await store.ApplyAsync(found.Content, context.User.Identity?.Name, Note(form) ?? string.Create(CultureInfo.InvariantCulture, $"Version {version} again"), expected, MappingOrigin.Restore, token);
            return Results.Redirect("/mappings/history");
        }
        catch (Exception e) when (e is MappingRefusedException or MappingConflictException)
        {
            Refuse(context, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse(context, "The mappings file cannot be written: " + e.Message);
        }

        return Results.Redirect(page);
    }

    private static void Refuse(HttpContext context, string why)
    {
        Audit.Refused(context);
        Flash.Set(context, why);
    }

    private static string? Note(IFormCollection form) => form["note"].ToString().Trim() is { Length: > 0 } note ? note.Length > LongestNote ? note[..LongestNote] : note : null;

    private static async Task<IResult> CheckAsync(HttpContext context) =>
        new RazorComponentResult<RuleCheck>(new { Draft = RuleForm.Of(await context.Request.ReadFormAsync(context.RequestAborted)) });

    private static JsonObject? Find(RulesOfFile file, string id) => file.Rules.FirstOrDefault(r => r.Id == id).Rule;
}
