using Automation.Steps.Secrets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Other;

internal sealed record SecretRow(string Id, string Name, string TypeName, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static SecretRow From(SecretInfo secret) => new(secret.Name, secret.Name, SecretEndpoints.Text, "Active", secret.CreatedAt, secret.UpdatedAt);
}

internal sealed record SecretRequest(string? Name = null, string? Value = null);

internal sealed record SecretType(string TypeName, string DisplayName, string Description);

internal sealed record SecretTest(bool Succeeded, string? Message);

/// <summary>Secrets in the form of Elsa's module: they are listed, set, replaced, tried and revoked, but never shown.</summary>
internal static class SecretEndpoints
{
    public const string Text = "Text";

    public static void Map(IEndpointRouteBuilder api)
    {
        var secrets = api.MapGroup("/secrets").Needs(Right.Design);
        secrets.MapGet("", ListAsync);
        secrets.MapGet("/picker", PickAsync);
        secrets.MapGet("/descriptors", () => TypedResults.Json(new ListAnswer<SecretType>([new SecretType(Text, Text, "A text, such as a key or a password.")]), StudioJson.Default.ListAnswerSecretType));
        secrets.MapGet("/{name}", async (HttpContext context, string name, SecretStore store) =>
            await FindAsync(context, name, store) is { } found ? TypedResults.Json(found, StudioJson.Default.SecretRow) : Results.NotFound());
        secrets.MapPost("", AddAsync);
        secrets.MapPost("/{name}", ReplaceAsync);
        secrets.MapPost("/{name}/rotate", ReplaceAsync);
        secrets.MapPost("/{name}/test", TestAsync);
        secrets.MapPost("/{name}/revoke", DeleteAsync);
        secrets.MapDelete("/{name}", DeleteAsync);
    }

    private static async Task<IResult> ListAsync(HttpContext context, SecretStore store)
    {
        var (skip, take) = context.Request.Paging();
        var term = context.Request.Text("searchTerm") ?? context.Request.Text("search");
        var all = (await store.ListAsync(context.RequestAborted)).Where(s => term is null || s.Name.Contains(term, StringComparison.OrdinalIgnoreCase)).ToList();
        return TypedResults.Json(new PageAnswer<SecretRow>([.. all.Skip(skip).Take(take ?? all.Count).Select(SecretRow.From)], all.Count), StudioJson.Default.PageAnswerSecretRow);
    }

    private static async Task<IResult> PickAsync(HttpContext context, SecretStore store) =>
        TypedResults.Json(
            new ListAnswer<SecretRow>([.. (await store.ListAsync(context.RequestAborted)).Select(SecretRow.From)]), StudioJson.Default.ListAnswerSecretRow);

    private static async Task<SecretRow?> FindAsync(HttpContext context, string name, SecretStore store) =>
        (await store.ListAsync(context.RequestAborted)).FirstOrDefault(s => s.Name == name) is { } secret ? SecretRow.From(secret) : null;

    private static async Task<IResult> AddAsync(HttpContext context, SecretStore store)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.SecretRequest) ?? new SecretRequest();
        if (request.Name is { } taken && await FindAsync(context, taken, store) is not null)
            throw new BadInputException($"name: there is a secret '{taken}' already.");
        return await SetAsync(context, request.Name ?? "", request.Value, StatusCodes.Status201Created, store);
    }

    private static async Task<IResult> ReplaceAsync(HttpContext context, string name, SecretStore store)
    {
        var request = await context.Request.BodyAsync(StudioJson.Default.SecretRequest);
        return await FindAsync(context, name, store) is null ? TypedResults.NotFound() : await SetAsync(context, name, request?.Value, StatusCodes.Status200OK, store);
    }

    private static async Task<IResult> SetAsync(HttpContext context, string name, string? value, int status, SecretStore store)
    {
        try
        {
            await store.SetAsync(name, value ?? "", context.RequestAborted);
        }
        catch (SecretException e)
        {
            throw new BadInputException(e.Message);
        }

        return TypedResults.Json(await FindAsync(context, name, store), StudioJson.Default.SecretRow, statusCode: status);
    }

    /// <summary>Whether steps can read it: its keys may be gone.</summary>
    private static async Task<IResult> TestAsync(HttpContext context, string name, SecretStore store)
    {
        if (await FindAsync(context, name, store) is null)
            return TypedResults.NotFound();
        var problem = await store.FindProblemAsync(name, context.RequestAborted);
        return TypedResults.Json(new SecretTest(problem is null, problem), StudioJson.Default.SecretTest);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string name, SecretStore store) =>
        await store.DeleteAsync(name, context.RequestAborted) ? TypedResults.NoContent() : TypedResults.NotFound();
}
