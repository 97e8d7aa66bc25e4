using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;

namespace Automation.Host.OpenApi;

/// <summary>
/// Gives each operation of the description a request and its answers, the refusals too. They were recorded from a running
/// server; a test sends the requests again and fails where an answer has another shape.
/// </summary>
internal static partial class ApiExamples
{
    private const string Problem = "application/problem+json";

    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private static readonly Lazy<ILookup<string, ApiExchange>> Recorded = new(Read);

    public static async Task AddAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var template = "/" + Constraint().Replace(context.Description.RelativePath?.TrimEnd('/') ?? "", "}");
        var exchanges = Recorded.Value[$"{context.Description.HttpMethod} {template}"].ToList();
        operation.Responses ??= [];
        foreach (var exchange in exchanges.Concat(Recorded.Value["any"]))
        {
            var response = Response(operation.Responses, exchange.Status);
            if (exchange.Answer is null || exchange.Type is null)
                continue;
            var contents = response.Content ??= new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal);
            if (!contents.TryGetValue(exchange.Type, out var content))
                contents[exchange.Type] = content = new OpenApiMediaType();
            if (exchange.Type == Problem)
                content.Schema ??= await ProblemSchemaAsync(context, cancellationToken);
            else if (content.Schema is null && exchange.Answer.GetValueKind() == JsonValueKind.String)
                content.Schema = new OpenApiSchema { Type = JsonSchemaType.String };
            content.Example ??= exchange.Answer.DeepClone();
        }

        if (exchanges.Find(e => e.Status < 300) is { } shown)
            AddRequest(operation, template, shown);
    }

    private static void AddRequest(OpenApiOperation operation, string template, ApiExchange shown)
    {
        if (shown.Body is { } body)
        {
            foreach (var (type, media) in operation.RequestBody?.Content ?? new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal))
            {
                if (type.Contains("json", StringComparison.OrdinalIgnoreCase))
                    media.Example = body.DeepClone();
            }
        }

        var (path, query) = shown.Path.Split('?', 2) is [var p, var q] ? (p, QueryHelpers.ParseQuery(q)) : (shown.Path, []);
        var values = template.Split('/').Zip(path.Split('/')).Where(s => s.First.StartsWith('{')).ToDictionary(s => s.First.Trim('{', '}'), s => Uri.UnescapeDataString(s.Second), StringComparer.Ordinal);
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            if (parameter.In == ParameterLocation.Header && parameter.Name is { } header && shown.Headers?.GetValueOrDefault(header) is { } sent)
                parameter.Example = sent;
            else if (parameter.Name is { } name && (values.GetValueOrDefault(name) ?? query.GetValueOrDefault(name).FirstOrDefault()) is { } value)
                parameter.Example = value;
        }
    }

    private static OpenApiResponse Response(OpenApiResponses responses, int status)
    {
        var key = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (responses.TryGetValue(key, out var there) && there is OpenApiResponse response)
            return response;
        var added = new OpenApiResponse { Description = ReasonPhrases.GetReasonPhrase(status) };
        responses[key] = added;
        return added;
    }

    private static async Task<IOpenApiSchema> ProblemSchemaAsync(OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var schema = await context.GetOrCreateSchemaAsync(typeof(ProblemDetails), parameterDescription: null, cancellationToken);
        if (context.Document is not { } document)
            return schema;
        if (document.Components?.Schemas?.ContainsKey(nameof(ProblemDetails)) != true)
            document.AddComponent(nameof(ProblemDetails), schema);
        return new OpenApiSchemaReference(nameof(ProblemDetails), document);
    }

    private static ILookup<string, ApiExchange> Read()
    {
        var assembly = typeof(ApiExamples).Assembly;
        return assembly.GetManifestResourceNames().Where(n => n.Contains(".OpenApi.examples.", StringComparison.Ordinal))
            .SelectMany(name =>
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                return JsonSerializer.Deserialize<List<ApiExchange>>(stream, Web)!;
            })
            .ToLookup(e => e.Operation, StringComparer.Ordinal);
    }

    /// <summary>What a path asks of a value, which the description does not show.</summary>
    [GeneratedRegex(":[^}]+}", RegexOptions.None, 1000)]
    private static partial Regex Constraint();
}
