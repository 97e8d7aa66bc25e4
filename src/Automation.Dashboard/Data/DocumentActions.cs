using System.Globalization;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shared;
using Automation.Dashboard.Shell;
using Automation.Steps.Data;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Data;

/// <summary>Stores and removes documents from their page. What somebody else has changed meanwhile is not written over.</summary>
internal static class DocumentActions
{
    public static void MapDocumentActions(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("/data").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery().WithMetadata(new LeastRoleAttribute(Role.Operator)).ExcludeFromDescription();
        actions.MapPost("/save", SaveAsync);
        actions.MapPost("/delete", DeleteAsync);
    }

    private static async Task<IResult> SaveAsync(HttpContext context, DocumentStore store)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (collection, key, body) = (form["collection"].ToString(), form["key"].ToString(), form["body"].ToString());
        var version = long.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        string refused;
        try
        {
            var before = await store.FindAsync(collection, key, context.RequestAborted);
            if (await store.ReplaceAsync(collection, key, body, version, context.RequestAborted) is { } stored)
            {
                Audit.Note(context, $"{collection}/{key}", before?.Body, stored.Body);
                return Results.Redirect(Links.To("/data/documents", ("collection", collection)));
            }

            refused = "Somebody has changed it meanwhile. Open it again, and make your change there.";
        }
        catch (DocumentException e)
        {
            refused = e.Message;
        }

        // The form comes back as it was filled, with the reason.
        Audit.Refused(context);
        return FormAgain.Of<DocumentPage>(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [nameof(DocumentPage.Collection)] = collection,
            [nameof(DocumentPage.Key)] = key,
            [nameof(DocumentPage.Body)] = body,
            [nameof(DocumentPage.Refused)] = refused,
            [nameof(DocumentPage.Version)] = (long?)version,
        });
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, DocumentStore store)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (collection, key) = (form["collection"].ToString(), form["key"].ToString());
        try
        {
            var before = await store.FindAsync(collection, key, context.RequestAborted);
            var version = long.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
            if (await store.RemoveAsync(collection, key, version, context.RequestAborted) == false)
            {
                Audit.Refused(context);
                Flash.Set(context, "Somebody has changed it meanwhile, so it was not removed.");
                return Results.Redirect(Links.To("/data/document", ("collection", collection), ("key", key)));
            }

            Audit.Note(context, $"{collection}/{key}", before?.Body, after: null);
            Flash.Set(context, $"The document {key} is removed.");
        }
        catch (DocumentException e)
        {
            Audit.Refused(context);
            Flash.Set(context, e.Message, isBad: true);
        }

        return Results.Redirect(Links.To("/data/documents", ("collection", collection)));
    }
}
