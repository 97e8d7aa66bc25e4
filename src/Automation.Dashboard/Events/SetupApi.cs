using System.Globalization;
using System.Net;
using System.Text.Json;
using Automation.Dashboard.Mappings;
using Automation.Dashboard.Shared;
using Automation.Intake;
using Automation.Intake.Mapping;
using Automation.Intake.Sources;
using Automation.Steps.Editing;
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

    /// <summary>Longest note to a change, in characters.</summary>
    private const int LongestNote = 1000;

    public static void MapSetupApi(this IEndpointRouteBuilder app)
    {
        var sources = app.MapGroup("/api/sources").WithTags("Sources").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        sources.MapGet("/", (SourceCatalog catalog) => TypedResults.Ok(catalog.All)).WithName("ListSources").WithSummary("The configured sources.");
        sources.MapPost("/{source}/verify", VerifyAsync).WithName("VerifyRequest").WithSummary("Explains the verification of a captured request: which header, which bytes, which expected prefix; never the secret.");
        sources.MapPost("/{source}/preview", Preview).WithName("PreviewEvent").WithSummary("What a payload would be taken for, and what every rule says to it; nothing is stored.");

        var mappings = app.MapGroup("/api/mappings").WithTags("Mappings").WithMetadata(new LeastRoleAttribute(Role.Viewer));
        mappings.MapGet("/", (MappingStore store) => TypedResults.Ok(MappingsAnswer.Of(store))).WithName("ListMappings").WithSummary("The rules in force, and what is wrong with the file where it is not in force.");
        mappings.MapPost("/check", CheckAsync).WithName("CheckMappings").WithSummary("Checks a mappings file without using it; ?file= is what messages call it.").Accepts<string>("application/json");
        mappings.MapPost("/try", TryAsync).WithName("TryRule").WithSummary("What a rule would say to the latest events of its source and type; it need not be in force, and nothing is started.").Accepts<MappingRule>("application/json");
        mappings.MapGet("/file", (Delegate)FileAsync).WithName("ReadMappings").WithSummary("The mappings as they are written, comments and all; the ETag is the version.").Produces<string>(200, "application/json").WithMetadata(new EntityTagAttribute());
        mappings.MapGet("/history", HistoryAsync).WithName("ListMappingChanges").WithSummary("Who changed which rule when, latest first; of one rule with ?rule=.");
        mappings.MapGet("/history/{version:long}", VersionAsync).WithName("FindMappingChange").WithSummary("A version: the rules that it changed, before and after, and the whole file as it was then.");
        mappings.MapPost("/history/{version:long}/restore", RestoreAsync).WithName("RestoreMappings").WithSummary("Puts an earlier version back, as a new one; If-Match as with a new file.").WithMetadata(new LeastRoleAttribute(Role.Designer), new EntityTagAttribute());
        mappings.MapPut("/", ApplyAsync).WithName("ApplyMappings").WithSummary("Checks a mappings file and puts it in force at every server. If-Match with the version seen refuses where another is in force (412); ?note= is kept with it.").Accepts<string>("application/json").WithMetadata(new LeastRoleAttribute(Role.Designer), new EntityTagAttribute());
    }

    private static async Task<Results<Ok<VerificationExplanation>, ProblemHttpResult>> VerifyAsync(string source, CapturedCall call, VerificationExplainer explainer, CancellationToken cancellationToken)
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
        return await explainer.ExplainAsync(source, captured, cancellationToken) is { } explanation ? TypedResults.Ok(explanation) : Problems.MissingSource(source);
    }

    private static Results<Ok<PreviewResult>, ProblemHttpResult> Preview(string source, CapturedCall call, RoutingPreview preview) =>
        preview.Preview(source, call.Body ?? "", call.Headers, call.Query) is { } result ? TypedResults.Ok(result) : Problems.MissingSource(source);

    private static async Task<Results<Ok<MappingsCheck>, ProblemHttpResult>> CheckAsync(HttpRequest request, MappingStore store, string? file, CancellationToken cancellationToken) =>
        await ReadAsync(request, cancellationToken) is { } content
            ? TypedResults.Ok(store.Check(content, file))
            : Problems.Range("the file's size", request.ContentLength, $"at most {LongestFile} bytes");

    private static async Task<Results<Ok<IReadOnlyList<RuleTried>>, ProblemHttpResult>> TryAsync(JsonElement rule, RuleTrial trial, CancellationToken cancellationToken)
    {
        try
        {
            return TypedResults.Ok(await trial.TryAsync(RuleTrial.Read(rule), cancellationToken));
        }
        catch (Exception e) when (e is MappingRefusedException or FormatException)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "The rule cannot be like this", detail: e.Message);
        }
    }

    private static async Task<Results<Ok<MappingsAnswer>, ProblemHttpResult>> ApplyAsync(HttpContext context, MappingStore store, string? note, string? file, CancellationToken cancellationToken)
    {
        if (!TryReadCondition(context.Request, out var expected))
            return BadCondition(context.Request);
        return await ReadAsync(context.Request, cancellationToken) is { } content
            ? await PutInForceAsync(context, store, content, file, note, expected, MappingOrigin.Person, cancellationToken)
            : Problems.Range("the file's size", context.Request.ContentLength, $"at most {LongestFile} bytes");
    }

    /// <summary>The version that must be in force: null for any.</summary>
    private static bool TryReadCondition(HttpRequest request, out long? expected)
    {
        expected = null;
        if (request.Headers.IfMatch.ToString() is not { Length: > 0 } match || match == "*")
            return true;
        if (!long.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        expected = number;
        return true;
    }

    private static ProblemHttpResult BadCondition(HttpRequest request) => Problems.Range("If-Match", request.Headers.IfMatch, "the version of the mappings, such as \"12\"");

    private static async Task<Results<Ok<MappingsAnswer>, ProblemHttpResult>> PutInForceAsync(
        HttpContext context, MappingStore store, byte[] file, string? name, string? note, long? expected, MappingOrigin origin, CancellationToken cancellationToken)
    {
        // Of an empty file, as of any other that is none, it is told why; only a version without a file may be empty.
        if ((file.Length > 0 || origin != MappingOrigin.Restore) && store.Check(file, name).Problem is { } problem)
            return TypedResults.Problem(statusCode: StatusCodes.Status400BadRequest, title: "The mappings cannot be used", detail: problem);
        if (note?.Length > LongestNote)
            return Problems.Range("note", note.Length, $"at most {LongestNote} characters");
        try
        {
            await store.ApplyAsync(file, context.User.Identity?.Name, note, expected, origin, cancellationToken);
        }
        catch (MappingConflictException e)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status412PreconditionFailed, title: "Changed meanwhile", detail: e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Problems.Conflict($"The server's mappings file cannot be written: {e.Message}");
        }

        return TypedResults.Ok(MappingsAnswer.Of(store));
    }

    private static async Task<IResult> FileAsync(HttpContext context, MappingStore store, CancellationToken cancellationToken)
    {
        var (content, version) = await store.ReadAsync(cancellationToken);
        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
        context.Response.Headers.ETag = tag;
        return context.Request.Headers.IfNoneMatch.ToString() == tag ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : TypedResults.Bytes(content, "application/json");
    }

    private static async Task<Results<Ok<MappingChanges>, ProblemHttpResult>> HistoryAsync(MappingHistory history, long? before, string? rule, int? take, CancellationToken cancellationToken) =>
        take is < 1 or > 100
            ? Problems.Range("take", take, "1 to 100")
            : TypedResults.Ok(await history.ListAsync(before, rule, take ?? 20, cancellationToken));

    private static async Task<Results<Ok<MappingVersionAnswer>, ProblemHttpResult>> VersionAsync(long version, MappingHistory history, CancellationToken cancellationToken) =>
        await history.FindAsync(version, cancellationToken) is { } found
            ? TypedResults.Ok(new MappingVersionAnswer(found.Change, System.Text.Encoding.UTF8.GetString(found.Content)))
            : Problems.Missing("version of the mappings", version.ToString(CultureInfo.InvariantCulture));

    private static async Task<Results<Ok<MappingsAnswer>, ProblemHttpResult>> RestoreAsync(
        long version, HttpContext context, MappingStore store, MappingHistory history, string? note, CancellationToken cancellationToken)
    {
        if (!TryReadCondition(context.Request, out var expected))
            return BadCondition(context.Request);
        return await history.FindAsync(version, cancellationToken) is { } found
            ? await PutInForceAsync(context, store, found.Content, null, note ?? string.Create(CultureInfo.InvariantCulture, $"Version {version} again"), expected, MappingOrigin.Restore, cancellationToken)
            : Problems.Missing("version of the mappings", version.ToString(CultureInfo.InvariantCulture));
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
/// <param name="Problem">Why the file as it is now, or the latest version, is not in force; null where it is.</param>
/// <param name="Version">The version in force; 0 before there is any.</param>
/// <param name="Warnings">What rules name that is not there: workflows that are not published, sources that are not known.</param>
internal sealed record MappingsAnswer(IReadOnlyList<MappingRule> Rules, string? Problem, long Version, IReadOnlyList<string> Warnings)
{
    public static MappingsAnswer Of(MappingStore store) => new(store.Rules, store.Problem, store.Version, store.Warnings());
}

/// <summary>A version of the mappings.</summary>
/// <param name="Change">What it changed.</param>
/// <param name="Content">The mappings file as it was then.</param>
internal sealed record MappingVersionAnswer(MappingChange Change, string Content);
