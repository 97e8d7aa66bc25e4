using System.Text.Json.Serialization;
using Automation.Steps.Editing;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
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
        secrets.MapGet("", async (SecretStore store, CancellationToken cancellationToken) => TypedResults.Ok(await store.ListAsync(cancellationToken)))
            .WithName("ListSecrets").WithSummary("Lists the names of the secrets; never the secrets.");
        secrets.MapGet("/{name}", async Task<Results<Ok<SecretInfo>, ProblemHttpResult>> (string name, SecretStore store, CancellationToken cancellationToken) =>
            await FindAsync(name, store, cancellationToken) is { } found ? TypedResults.Ok(found) : Refusals.Missing("secret", name)).WithEntityTag(TagAsync).WithName("FindSecret").WithSummary("When a secret was stored; never the secret.");
        secrets.MapPut("/{name}", SetAsync).WithEntityTag(TagAsync).WithName("SetSecret").WithSummary("Stores a secret, encrypted; no answer ever shows it again.");
        secrets.MapDelete("/{name}", async Task<Results<NoContent, ProblemHttpResult>> (string name, SecretStore store, CancellationToken cancellationToken) =>
            await store.DeleteAsync(name, cancellationToken) ? TypedResults.NoContent() : Refusals.Missing("secret", name)).WithEntityTag(TagAsync).WithName("RemoveSecret").WithSummary("Removes a secret.");
        return secrets;
    }

    private static async ValueTask<string?> TagAsync(HttpContext context) =>
        await FindAsync((string)context.Request.RouteValues["name"]!, context.RequestServices.GetRequiredService<SecretStore>(), context.RequestAborted) is { } found ? EntityTags.Of(found.UpdatedAt) : null;

    private static async ValueTask<SecretInfo?> FindAsync(string name, SecretStore store, CancellationToken cancellationToken) =>
        (await store.ListAsync(cancellationToken)).FirstOrDefault(s => s.Name == name);

    private static async Task<Results<NoContent, ProblemHttpResult>> SetAsync(string name, SecretValue body, SecretStore store, CancellationToken cancellationToken)
    {
        try
        {
            await store.SetAsync(name, body.Value ?? "", cancellationToken);
            return TypedResults.NoContent();
        }
        catch (SecretException e)
        {
            return Refusals.Invalid("secret", e.Message);
        }
    }

    /// <summary>What is stored.</summary>
    /// <param name="Value">The secret.</param>
    internal sealed record SecretValue([property: JsonPropertyName("value")] string? Value);
}
