using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Automation.Workflows.Management;
using Microsoft.AspNetCore.Http;

namespace Automation.Studio.Api;

/// <summary>Reads queries and bodies as the Studio sends them: names in any case, empty values mean none, bodies may be missing.</summary>
internal static class RequestReader
{
    public const int MaxPageSize = 10_000;

    public static string? Text(this HttpRequest request, string name) =>
        request.Query[name] is [{ Length: > 0 } text, ..] ? text : null;

    /// <summary>All values of a name; null where none is given, so that no filter is meant.</summary>
    public static IReadOnlyList<string>? Texts(this HttpRequest request, string name)
    {
        var all = request.Query[name].Where(v => !string.IsNullOrEmpty(v)).Select(v => v!).ToList();
        return all.Count == 0 ? null : all;
    }

    public static bool? Flag(this HttpRequest request, string name) => request.Text(name) switch
    {
        null => null,
        var text when bool.TryParse(text, out var value) => value,
        var text => throw new BadInputException($"{name} must be true or false, but is '{text}'."),
    };

    public static int? Number(this HttpRequest request, string name, int max = int.MaxValue) => request.Text(name) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) => Math.Min(value, max),
        var text => throw new BadInputException($"{name} must be a whole number from 0, but is '{text}'."),
    };

    /// <summary>Skip and take from <c>page</c> and <c>pageSize</c>, or from <c>skip</c> and <c>take</c>; take is null where neither is given.</summary>
    public static (int Skip, int? Take) Paging(this HttpRequest request)
    {
        var size = request.Number("pageSize", MaxPageSize);
        var take = request.Number("take", MaxPageSize) ?? size;
        var skip = request.Number("skip") ?? (long)(request.Number("page") ?? 0) * (size ?? 0);
        return ((int)Math.Min(skip, int.MaxValue), take);
    }

    public static VersionOptions Version(this HttpRequest request, VersionOptions whenEmpty) => ParseVersion(request.Text("versionOptions"), whenEmpty);

    public static VersionOptions ParseVersion(string? text, VersionOptions whenEmpty) =>
        VersionOptions.TryParse(text, whenEmpty, out var version)
            ? version
            : throw new BadInputException($"versionOptions must be a version number, {string.Join(", ", Enum.GetNames<VersionSelection>())}, but is '{text}'.");

    /// <summary>The body; null where there is none.</summary>
    public static async Task<T?> BodyAsync<T>(this HttpRequest request, JsonTypeInfo<T> type)
        where T : class
    {
        if (request.ContentLength == 0)
            return null;
        var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        if (buffer.Length == 0)
            return null;
        try
        {
            return JsonSerializer.Deserialize(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), type);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"Invalid request body. {e.Message}");
        }
    }
}
