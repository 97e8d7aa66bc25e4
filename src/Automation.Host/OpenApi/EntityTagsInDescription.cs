using Automation.Steps.Editing;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Automation.Host.OpenApi;

/// <summary>Says of each operation on something that people edit what its <c>ETag</c>, <c>If-Match</c> and 412 are.</summary>
internal static class EntityTagsInDescription
{
    public static Task AddAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (!context.Description.ActionDescriptor.EndpointMetadata.OfType<EntityTagAttribute>().Any())
            return Task.CompletedTask;
        var text = new OpenApiSchema { Type = JsonSchemaType.String };
        operation.Parameters ??= [];
        operation.Responses ??= [];
        if (context.Description.HttpMethod == "GET")
        {
            operation.Parameters.Add(new OpenApiParameter { Name = "If-None-Match", In = ParameterLocation.Header, Schema = text, Description = "The ETag that is known already; where it is still that one, the answer is 304." });
            foreach (var response in operation.Responses.Where(r => r.Key == "200").Select(r => r.Value).OfType<OpenApiResponse>())
                (response.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal))["ETag"] = new OpenApiHeader { Schema = text, Description = "Changes with what is read; send it as If-Match with a change." };
            operation.Responses.TryAdd("304", new OpenApiResponse { Description = "Not modified" });
        }
        else
        {
            operation.Parameters.Add(new OpenApiParameter { Name = "If-Match", In = ParameterLocation.Header, Schema = text, Description = "The ETag that was read. Where somebody has changed the thing since, nothing is done and the answer is 412." });
            operation.Responses.TryAdd("412", new OpenApiResponse { Description = "Somebody else has changed it meanwhile" });
        }

        return Task.CompletedTask;
    }
}
