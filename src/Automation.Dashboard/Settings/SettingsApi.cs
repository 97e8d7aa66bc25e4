using Automation.Dashboard.Access;
using Automation.Dashboard.Shell;
using Automation.Steps.Secrets;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;

namespace Automation.Dashboard.Settings;

/// <summary>The settings over HTTP, and the forms of the page of secrets.</summary>
internal static class SettingsApi
{
    public static void MapSettings(this IEndpointRouteBuilder app)
    {
        app.MapGet("/api/settings", (SettingsCatalog catalog, IConfiguration configuration) => TypedResults.Ok(catalog.Read(configuration)))
            .WithTags("Settings").WithName("ListSettings").WithSummary("Every setting with its value in force and where it comes from; secrets are masked.")
            .WithMetadata(new LeastRoleAttribute(Role.Administrator));

        var secrets = app.MapGroup("/secrets").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery().ExcludeFromDescription().WithMetadata(new LeastRoleAttribute(Role.Designer));
        secrets.MapPost("/store", SaveAsync);
        secrets.MapPost("/{name}/delete", DeleteAsync);
    }

    private static async Task<IResult> SaveAsync(HttpContext context, SecretStore store)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var name = form["name"].ToString().Trim();
        try
        {
            await store.SetAsync(name, form["value"].ToString(), context.RequestAborted);
            Audit.Note(context, name, null, null);
            Flash.Set(context, $"The secret {name} is stored. Steps that begin from now on use it.");
        }
        catch (SecretException e)
        {
            Audit.Refused(context);
            Flash.Set(context, e.Message, isBad: true);
        }

        return Results.Redirect("/secrets");
    }

    private static async Task<IResult> DeleteAsync(string name, HttpContext context, SecretStore store)
    {
        await store.DeleteAsync(name, context.RequestAborted);
        Flash.Set(context, $"The secret {name} is removed.");
        return Results.Redirect("/secrets");
    }
}
