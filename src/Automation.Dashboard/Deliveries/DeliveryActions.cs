using System.Globalization;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shell;
using Automation.Steps.Deliveries;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Deliveries;

/// <summary>What the buttons of the pages of subscribers do.</summary>
internal static class DeliveryActions
{
    public static void MapDeliveryActions(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("/deliveries").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery().ExcludeFromDescription();
        var designing = actions.MapGroup("/endpoints").WithMetadata(new LeastRoleAttribute(Role.Designer));
        designing.MapPost("/add", AddAsync);
        designing.MapPost("/{id}/save", ChangeAsync);
        designing.MapPost("/{id}/test", TestAsync);
        designing.MapPost("/{id}/rotate", async (string id, HttpContext context, EndpointStore store) =>
        {
            if (await store.RotateAsync(id, context.RequestAborted) is { } verifier)
                Flash.Set(context, "The receiver verifies with this from now on; it is shown once: " + verifier);
            return Back(id);
        });
        designing.MapPost("/{id}/delete", async (string id, HttpContext context, EndpointStore store) =>
        {
            await store.DeleteAsync(id, context.RequestAborted);
            Flash.Set(context, "The endpoint is removed.");
            return Results.Redirect("/deliveries");
        });
        var types = actions.MapGroup("/event-types").WithMetadata(new LeastRoleAttribute(Role.Designer));
        types.MapPost("/store", StoreTypeAsync);
        types.MapPost("/{name}/delete", async (string name, HttpContext context, EndpointStore store) =>
        {
            await store.DeleteEventTypeAsync(name, context.RequestAborted);
            Flash.Set(context, $"The event type {name} is removed.");
            return Results.Redirect("/deliveries");
        });
        var operating = actions.MapGroup("").WithMetadata(new LeastRoleAttribute(Role.Operator));
        operating.MapPost("/endpoints/{id}/resend", async (string id, HttpContext context, DeliveryLog log) =>
        {
            var count = await log.ResendFailedAsync(id, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, context.RequestAborted);
            Flash.Set(context, count == 0 ? "None has failed." : string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "delivery goes" : "deliveries go")} out once more."));
            return Back(id);
        });
        operating.MapPost("/{id}/resend", async (string id, HttpContext context, DeliveryLog log) =>
        {
            Flash.Set(context, await log.ResendAsync(id, context.RequestAborted) ? "It goes out once more." : "It has not ended yet.");
            return Results.Redirect("/deliveries/" + Uri.EscapeDataString(id));
        });
    }

    private static async Task<IResult> AddAsync(HttpContext context, EndpointStore store)
    {
        var settings = Read(await context.Request.ReadFormAsync(context.RequestAborted), new EndpointSettings());
        try
        {
            var (endpoint, verifier) = await store.AddAsync(settings, context.RequestAborted);
            Flash.Set(context, "Added. The receiver verifies with this; it is shown once: " + verifier);
            return Back(endpoint.Id);
        }
        catch (Exception e) when (e is DeliveryException or PlatformNotSupportedException)
        {
            // The form comes back as it was filled, with the reason.
            Audit.Refused(context);
            return FormAgain.Of<DeliveriesPage>(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(DeliveriesPage.Draft)] = settings,
                [nameof(DeliveriesPage.Refused)] = e.Message,
            });
        }
    }

    private static async Task<IResult> StoreTypeAsync(HttpContext context, EndpointStore store)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        string? Text(string name) => form[name].ToString().Trim() is { Length: > 0 } text ? text : null;
        var type = new DeliveryEventType(Text("name") ?? "", Text("description"), Text("schema"));
        try
        {
            var before = await FindAsync();
            // Under another name it is another type: nobody's change is lost then.
            var tag = form["edit"] == type.Name ? form["tag"].ToString() : null;
            if (!await EntityTags.ChangeAsync(context, tag, async () => await FindAsync() is { } found ? EntityTags.Of(found) : null, () => store.SetEventTypeAsync(type, context.RequestAborted)))
                throw new DeliveryException(EntityTags.Changed);
            Audit.Note(context, type.Name, Audit.Json(before), Audit.Json(type));
            Flash.Set(context, $"The event type {type.Name} is stored.");
            return Results.Redirect("/deliveries");
        }
        catch (DeliveryException e)
        {
            Audit.Refused(context);
            return FormAgain.Of<DeliveriesPage>(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(DeliveriesPage.DraftType)] = type,
                [nameof(DeliveriesPage.DraftEdit)] = form["edit"].ToString(),
                [nameof(DeliveriesPage.DraftTag)] = form["tag"].ToString(),
                [nameof(DeliveriesPage.Refused)] = e.Message,
            });
        }

        async Task<DeliveryEventType?> FindAsync() => (await store.EventTypesAsync(context.RequestAborted)).FirstOrDefault(t => t.Name == type.Name);
    }

    private static async Task<IResult> ChangeAsync(string id, HttpContext context, EndpointStore store)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        if (await store.FindAsync(id, context.RequestAborted) is not { } before)
            return Back(id);
        // What the form does not ask for stays as it is; the tag tells where it changes meanwhile.
        var settings = Read(form, before.Settings);
        try
        {
            if (!await EntityTags.ChangeAsync(context, form["tag"], async () => (await store.FindAsync(id, context.RequestAborted))?.Tag, SaveAsync))
                throw new DeliveryException(EntityTags.Changed);

            async Task SaveAsync()
            {
                if (await store.ChangeAsync(id, settings, context.RequestAborted) is not null)
                    Flash.Set(context, "Saved.");
            }
        }
        catch (DeliveryException e)
        {
            Audit.Refused(context);
            return FormAgain.Of<EndpointPage>(new Dictionary<string, object?>(StringComparer.Ordinal)
            {
                [nameof(EndpointPage.Id)] = id,
                [nameof(EndpointPage.Draft)] = settings,
                [nameof(EndpointPage.DraftTag)] = form["tag"].ToString(),
                [nameof(EndpointPage.Refused)] = e.Message,
            });
        }

        return Back(id);
    }

    private static async Task<IResult> TestAsync(string id, HttpContext context, EndpointTest test)
    {
        if (await test.SendAsync(id, context.RequestAborted) is { } result)
        {
            Flash.Set(context, string.Create(
                CultureInfo.InvariantCulture, $"The test was {(result.Succeeded ? "taken" : "not taken")}: {result.StatusCode?.ToString(CultureInfo.InvariantCulture) ?? "no answer"} after {result.DurationMs:0} ms. {result.Error} {result.Response}"), isBad: !result.Succeeded);
        }

        return Back(id);
    }

    private static EndpointSettings Read(IFormCollection form, EndpointSettings before) => new()
    {
        Url = form["url"].ToString().Trim(),
        Description = form["description"].ToString() is { Length: > 0 } description ? description : null,
        EventTypes = form["types"].ToString().Split([' ', ','], StringSplitOptions.RemoveEmptyEntries),
        Signature = form["signature"] == "V1a" ? SignatureKind.V1a : SignatureKind.V1,
        Ordered = form["ordered"].Count > 0,
        Enabled = form["enabled"].Count > 0,
        PerMinute = int.TryParse(form["perMinute"], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : form["perMinute"].ToString().Trim().Length > 0 ? 0 : null,
        Headers = before.Headers,
        Timeout = before.Timeout,
        RetryDelays = before.RetryDelays,
        Concurrency = before.Concurrency,
    };

    private static IResult Back(string id) => Results.Redirect("/deliveries/endpoints/" + Uri.EscapeDataString(id));
}
