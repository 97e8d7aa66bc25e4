using System.Net;
using Automation.Dashboard.Shared;
using Automation.Intake;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;
using Automation.Storage.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Automation.Dashboard.Events;

/// <summary>Sources and mapping rules over HTTP.</summary>
internal static class SetupApi
{
    /// <summary>Largest mappings file taken.</summary>
    private const int LongestFile = 4 * 1024 * 1024;

    public static void MapSetupApi(this IEndpointRouteBuilder app)
    {
        var sources = app.MapGroup("/api/sources").WithTags("Sources").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        sources.MapGet("/", (SourceCatalog catalog) => TypedResults.Ok(catalog.All)).WithName("ListSources").WithSummary("The configured sources.");
        sources.MapPost("/{source}/verify", Verify).WithName("VerifyRequest").WithSummary("Explains the verification of a captured request: which header, which bytes, which expected prefix; never the secret.");
        sources.MapPost("/{source}/preview", Preview).WithName("PreviewEvent").WithSummary("What a payload would be taken for, and what every rule says to it; nothing is stored.");

        var mappings = app.MapGroup("/api/mappings").WithTags("Mappings").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        mappings.MapGet("/", (MappingStore store) => TypedResults.Ok(MappingsAnswer.Of(store))).WithName("ListMappings").WithSummary("The rules in force, and what is wrong with the file where it is not in force.");
        mappings.MapPost("/check", CheckAsync).WithName("CheckMappings").WithSummary("Checks a mappings file without using it.").Accepts<string>("application/json");
        mappings.MapPut("/", ApplyAsync).WithName("ApplyMappings").WithSummary("Checks a mappings file, writes it in place of the server's, and uses it.").Accepts<string>("application/json").WithMetadata(new LeastRoleAttribute(Role.Designer));
    }

    private static Results<Ok<VerificationExplanation>, ProblemHttpResult> Verify(string source, CapturedCall call, VerificationExplainer explainer)
    {
        byte[] body;
        try
        {
            body = call.BodyBase64 is { } encoded ? Convert.FromBase64String(encoded) : System.Text.Encoding.UTF8.GetBytes(call.Body ?? "");
        }
        catch (FormatException)
        {
            return Problems.Range("bodyBase64", "…", "base64");
        }

        IPAddress? ip = null;
        if (call.RemoteIp is { } text && !IPAddress.TryParse(text, out ip))
            return Problems.Range("remoteIp", text, "an IP address");
        var captured = new CapturedRequest(call.Headers, body, call.Query, call.UrlSecret, ip, call.Url, call.At);
        return explainer.Explain(source, captured) is { } explanation ? TypedResults.Ok(explanation) : Problems.Missing("source", source);
    }

    private static Results<Ok<PreviewResult>, ProblemHttpResult> Preview(string source, CapturedCall call, RoutingPreview preview) =>
        preview.Preview(source, call.Body ?? "", call.Headers) is { } result ? TypedResults.Ok(result) : Problems.Missing("source", source);

    private static async Task<Results<Ok<MappingsCheck>, ProblemHttpResult>> CheckAsync(HttpRequest request, MappingStore store, CancellationToken cancellationToken) =>
        await ReadAsync(request, cancellationToken) is { } file
            ? TypedResults.Ok(store.Check(file))
            : Problems.Range("the file's size", request.ContentLength, $"at most {LongestFile} bytes");

    private static async Task<Results<Ok<MappingsAnswer>, ProblemHttpResult>> ApplyAsync(HttpRequest request, MappingStore store, CancellationToken cancellationToken)
    {
        if (await ReadAsync(request, cancellationToken) is not { } file)
            return Problems.Range("the file's size", request.ContentLength, $"at most {LongestFile} bytes");
        var check = store.Check(file);
        if (check.Problem is { } problem)
            return TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "The mappings cannot be used", detail: problem);
        try
        {
            await store.ApplyAsync(file, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problems.Conflict($"The server's mappings file cannot be written: {e.Message}");
        }

        return TypedResults.Ok(MappingsAnswer.Of(store));
    }

    private static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        var part = new byte[64 * 1024];
        for (int read; (read = await request.Body.ReadAsync(part, cancellationToken)) > 0;)
        {
            if (buffer.Length + read > LongestFile)
                return null;
            buffer.Write(part, 0, read);
        }

        return buffer.ToArray();
    }
}

/// <summary>A request as a person captured it.</summary>
internal sealed record CapturedCall
{
    public Dictionary<string, string> Headers { get; init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The body as text.</summary>
    public string? Body { get; init; }

    /// <summary>The body's bytes, in place of <see cref="Body"/>.</summary>
    public string? BodyBase64 { get; init; }

    /// <summary>The query string with its question mark.</summary>
    public string Query { get; init; } = "";

    /// <summary>The URL's segment after the source.</summary>
    public string? UrlSecret { get; init; }

    public string? RemoteIp { get; init; }

    /// <summary>The whole URL, for senders that sign it.</summary>
    public string? Url { get; init; }

    /// <summary>When it came; timestamps are judged by it. Default: now.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>The rules in force.</summary>
/// <param name="Rules">The rules, in the order in which they are tried.</param>
/// <param name="Problem">Why the file as it is now is not in force; null where it is.</param>
internal sealed record MappingsAnswer(IReadOnlyList<MappingRule> Rules, string? Problem)
{
    public static MappingsAnswer Of(MappingStore store) => new(store.Rules, store.Problem);
}
