using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Studio.Api.Descriptors;

/// <summary>What a designer can use: activities, syntaxes, types, strategies, features.</summary>
internal static class DescriptorEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var descriptors = api.MapGroup("/descriptors");
        descriptors.MapGet("/activities", ActivitiesAsync);
        descriptors.MapGet("/activities/{typeName}", ActivityAsync);
        descriptors.MapPost("/activities/{typeName}/options/{property}", OptionsAsync);
        descriptors.MapGet("/expression-descriptors", () => List(FixedDescriptors.Expressions, StudioJson.Default.ListAnswerExpressionDescriptor));
        descriptors.MapGet("/variables", () => TypedResults.Json(new PlainList<VariableType>(FixedDescriptors.VariableTypes), StudioJson.Default.PlainListVariableType));
        descriptors.MapGet("/storage-drivers", () => TypedResults.Json(new PlainList<StorageDriver>(FixedDescriptors.StorageDrivers), StudioJson.Default.PlainListStorageDriver));
        descriptors.MapGet("/incident-strategies", () => List(FixedDescriptors.IncidentStrategies, StudioJson.Default.ListAnswerStrategy));
        descriptors.MapGet("/log-persistence-strategies", () => List(FixedDescriptors.LogPersistenceStrategies, StudioJson.Default.ListAnswerStrategy));
        descriptors.MapGet("/workflow-activation-strategies", () => List(FixedDescriptors.ActivationStrategies, StudioJson.Default.ListAnswerStrategy));
        descriptors.MapGet("/commit-strategies/workflows", () => List(FixedDescriptors.WorkflowCommits, StudioJson.Default.ListAnswerCommitStrategy));
        descriptors.MapGet("/commit-strategies/activities", () => List(FixedDescriptors.ActivityCommits, StudioJson.Default.ListAnswerCommitStrategy));
        descriptors.MapGet("/output-converters", NothingListed);
        api.MapGet("/workflow-contexts/provider-descriptors", NothingListed);
        api.MapGet("/features/installed", () => List(FixedDescriptors.Features, StudioJson.Default.ListAnswerFeature));
        api.MapGet("/features/installed/{fullName}", Feature);
        api.MapPost("/scripting/javascript/type-definitions/{definitionId}", TypeDefinitions.AnswerAsync);
    }

    private static JsonHttpResult<ListAnswer<T>> List<T>(IReadOnlyList<T> items, System.Text.Json.Serialization.Metadata.JsonTypeInfo<ListAnswer<T>> type) =>
        TypedResults.Json(new ListAnswer<T>(items), type);

    private static JsonHttpResult<ListAnswer<System.Text.Json.Nodes.JsonObject>> NothingListed() =>
        TypedResults.Json(new ListAnswer<System.Text.Json.Nodes.JsonObject>([]), StudioJson.Default.ListAnswerJsonObject);

    private static IResult Feature(string fullName) =>
        FixedDescriptors.Features.FirstOrDefault(f => f.FullName.Equals(fullName, StringComparison.OrdinalIgnoreCase)) is { } feature
            ? TypedResults.Json(feature, StudioJson.Default.Feature)
            : TypedResults.NotFound();

    /// <summary>Asked for after every save of the Studio: written once and answered with 304 while nothing has changed.</summary>
    private static async Task<IResult> ActivitiesAsync(HttpContext context, ActivityDescriptors descriptors)
    {
        var document = await descriptors.AllAsync(context.RequestAborted);
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.Vary = "Accept-Encoding";
        var compressed = context.Request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.OrdinalIgnoreCase);
        if (compressed)
            context.Response.Headers.ContentEncoding = "br";
        return TypedResults.Bytes(
            compressed ? document.Brotli : document.Json, "application/json; charset=utf-8",
            entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{document.Tag}{(compressed ? "-br" : "")}\""));
    }

    private static async Task<IResult> ActivityAsync(HttpContext context, string typeName, ActivityDescriptors descriptors) =>
        await descriptors.FindAsync(typeName, context.Request.Number("version") ?? 0, context.RequestAborted) is { } descriptor
            ? new WrittenResult(descriptor.Write)
            : TypedResults.NotFound();

    private static async Task<IResult> OptionsAsync(HttpContext context, string typeName, string property, ActivityDescriptors descriptors)
    {
        var descriptor = await descriptors.FindAsync(typeName, 0, context.RequestAborted);
        if (descriptor?.Inputs.FirstOrDefault(i => i.Name.Equals(property, StringComparison.OrdinalIgnoreCase)) is not { } input)
            return TypedResults.NotFound();
        return new WrittenResult(w =>
        {
            w.WriteStartObject();
            w.WritePropertyName("items");
            Workflows.Definitions.JsonValues.Write(w, input.UISpecifications);
            w.WriteEndObject();
        });
    }
}
