using System.Globalization;
using System.Text.Json;
using Automation.Dashboard.Access;
using Automation.Dashboard.Shell;
using Automation.Storage.Access;
using Automation.Workflows.Definitions;
using Automation.Workflows.Execution;
using Automation.Workflows.Management;
using Automation.Workflows.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Instances;

/// <summary>What the buttons of an instance's page do; each leads back to a page, which says why where nothing was done.</summary>
internal static class InstanceActions
{
    public static void MapInstanceActions(this IEndpointRouteBuilder app)
    {
        var actions = app.MapGroup("/instances/{id}").AddEndpointFilter(PageActions.RequireTokenAsync).DisableAntiforgery()
            .WithMetadata(new LeastRoleAttribute(Role.Operator)).ExcludeFromDescription();
        actions.MapPost("/cancel", async (string id, HttpContext context, WorkflowRuntime runtime) =>
        {
            await runtime.CancelAsync(id, $"Cancelled by {context.User.Identity?.Name}.", context.RequestAborted);
            return Back(id);
        });
        actions.MapPost("/retry", (string id, HttpContext context, WorkflowRuntime runtime) => TryAsync(context, id, form => RetryAsync(id, form, runtime, context.RequestAborted)));
        actions.MapPost("/move", (string id, HttpContext context, WorkflowRuntime runtime) => TryAsync(context, id, form => MoveAsync(id, form, runtime, context.RequestAborted)));
        actions.MapPost("/rerun", (string id, HttpContext context, WorkflowRuntime runtime) => TryAsync(context, id, form => RerunAsync(id, form, runtime, context.RequestAborted)));
    }

    /// <summary>Does it, and says on the next page why where it was refused.</summary>
    private static async Task<IResult> TryAsync(HttpContext context, string id, Func<IFormCollection, Task<(string? Instance, string? Said, bool Refused)>> action)
    {
        try
        {
            var (instance, said, refused) = await action(await context.Request.ReadFormAsync(context.RequestAborted));
            if (said is not null)
                Flash.Set(context, said);
            if (refused)
                Audit.Refused(context);
            return Back(instance ?? id);
        }
        catch (Exception e) when (e is WorkflowInputException or WorkflowStartException or DefinitionException or DefinitionNotFoundException or FormatException)
        {
            Audit.Refused(context);
            Flash.Set(context, e.Message);
            return Back(id);
        }
    }

    private static async Task<(string?, string?, bool)> RetryAsync(string id, IFormCollection form, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        string[]? activities = form["activity"].ToString() is { Length: > 0 } one ? [one] : null;
        return await runtime.RetryAsync(id, activities, variables: null, Values(form["input"]), cancellationToken) is null
            ? (null, "Nothing of it has failed.", true)
            : (null, null, false);
    }

    private static async Task<(string?, string?, bool)> MoveAsync(string id, IFormCollection form, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        if (!int.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw new FormatException("Choose a version.");
        return await runtime.MoveAsync(id, VersionOptions.Specific(version), dryRun: false, cancellationToken) switch
        {
            null => (null, "There is no such instance any more.", true),
            { Moved: true } => (null, $"Moved to version {version}.", false),
            var misfit => (null, $"It does not fit version {version}: {string.Join(" ", misfit.Misfits)}", true),
        };
    }

    private static async Task<(string?, string?, bool)> RerunAsync(string id, IFormCollection form, WorkflowRuntime runtime, CancellationToken cancellationToken)
    {
        VersionOptions? version = int.TryParse(form["version"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? VersionOptions.Specific(number) : null;
        return await runtime.RerunAsync(id, version, Values(form["input"]), cancellationToken: cancellationToken) switch
        {
            null => (null, "There is no such instance any more.", true),
            { Started: true, Instance: { } started } => (started.Id, $"Runs once more; it was {id}.", false),
            var result => (null, result.Reason ?? "It could not be started.", true),
        };
    }

    private static Dictionary<string, object?>? Values(string? json)
    {
        if (string.IsNullOrWhiteSpace(json))
            return null;
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.EnumerateObject().ToDictionary(v => v.Name, v => JsonValues.FromElement(v.Value.Clone()), StringComparer.Ordinal)
                : throw new FormatException("The inputs must be a JSON object, such as {\"Event\": {}}.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException("The inputs are not a JSON object: " + e.Message, e);
        }
    }

    private static IResult Back(string id) => Results.Redirect("/instances/" + Uri.EscapeDataString(id));
}
