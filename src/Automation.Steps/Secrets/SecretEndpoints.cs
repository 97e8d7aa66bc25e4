using System.Text.Json.Serialization;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Steps.Secrets;

/// <summary>Secrets over HTTP: they can be listed, replaced and removed, but not read.</summary>
public static class SecretEndpoints
{
    /// <summary>Maps <c>/api/secrets</c>, for administrators and designers.</summary>
    /// <param name="app">The routes.</param>
    public static IEndpointConventionBuilder MapSecrets(this IEndpointRouteBuilder app)
    {
        var secrets = app.MapGroup("/api/secrets").WithTags("Secrets").WithMetadata(new LeastRoleAttribute(Role.Designer));
        secrets.MapGet("", async (SecretStore store, CancellationToken cancellationToken) => Results.Ok(await store.ListAsync(cancellationToken))).WithSummary("Lists the names of the secrets; never the secrets.");
        secrets.MapGet("/{name}", async (string name, SecretStore store, CancellationToken cancellationToken) =>
            await FindAsync(name, store, cancellationToken) is { } found ? Results.Ok(found) : Results.NotFound()).WithEntityTag(TagAsync).WithName("FindSecret").WithSummary("When a secret was stored; never the secret.");
        secrets.MapPut("/{name}", SetAsync).WithEntityTag(TagAsync).WithSummary("Stores a secret, encrypted; no answer ever shows it again.");
        secrets.MapDelete("/{name}", async (string name, SecretStore store, CancellationToken cancellationToken) =>
            await store.DeleteAsync(name, cancellationToken) ? Results.NoContent() : Results.NotFound()).WithEntityTag(TagAsync).WithSummary("Removes a secret.");
        return secrets;
    }

    private static async ValueTask<string?> TagAsync(HttpContext context) =>
        await FindAsync((string)context.Request.RouteValues["name"]!, context.RequestServices.GetRequiredService<SecretStore>(), context.RequestAborted) is { } found ? EntityTags.Of(found.UpdatedAt) : null;

    private static async ValueTask<SecretInfo?> FindAsync(string name, SecretStore store, CancellationToken cancellationToken) =>
        (await store.ListAsync(cancellationToken)).FirstOrDefault(s => s.Name == name);

    private static async Task<IResult> SetAsync(string name, SecretValue body, SecretStore store, CancellationToken cancellationToken)
    {
        try
        {
            await store.SetAsync(name, body.Value ?? "", cancellationToken);
            return Results.NoContent();
        }
        catch (SecretException e)
        {
            return Results.Problem(e.Message, statusCode: StatusCodes.Status400BadRequest);
        }
    }

    /// <summary>What is stored.</summary>
    /// <param name="Value">The secret.</param>
    internal sealed record SecretValue([property: JsonPropertyName("value")] string? Value);
}
