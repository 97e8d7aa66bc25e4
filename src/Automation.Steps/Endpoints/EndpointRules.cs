using System.Globalization;
using Automation.Steps.Values;
using Automation.Workflows.Activities.Http;

namespace Automation.Steps.Endpoints;

/// <summary>What an endpoint asks of a request.</summary>
internal sealed record EndpointRules
{
    public bool Authorize { get; init; }

    public string? Policy { get; init; }

    public TimeSpan? RequestTimeout { get; init; }

    public long? RequestSizeLimit { get; init; }

    public long? FileSizeLimit { get; init; }

    public IReadOnlyList<string> AllowedFileExtensions { get; init; } = [];

    public IReadOnlyList<string> BlockedFileExtensions { get; init; } = [];

    public IReadOnlyList<string> AllowedMimeTypes { get; init; } = [];

    /// <summary>Outcomes that the workflow deals with itself.</summary>
    public IReadOnlyList<string> Exposed { get; init; } = [];

    public static EndpointRules From(IReadOnlyDictionary<string, object?> options) => new()
    {
        Authorize = options.GetValueOrDefault("authorize") is true,
        Policy = options.GetValueOrDefault("policy") as string,
        RequestTimeout = TimeSpan.TryParse(options.GetValueOrDefault("requestTimeout") as string, CultureInfo.InvariantCulture, out var timeout) && timeout > TimeSpan.Zero
            ? timeout
            : null,
        RequestSizeLimit = Number(options.GetValueOrDefault("requestSizeLimit")),
        FileSizeLimit = Number(options.GetValueOrDefault("fileSizeLimit")),
        AllowedFileExtensions = Texts(options.GetValueOrDefault("allowedFileExtensions")),
        BlockedFileExtensions = Texts(options.GetValueOrDefault("blockedFileExtensions")),
        AllowedMimeTypes = Texts(options.GetValueOrDefault("allowedMimeTypes")),
        Exposed = Texts(options.GetValueOrDefault("exposed")),
    };

    /// <summary>Whether an uploaded file may come in; null where it may.</summary>
    public HttpRejection? Judge(string fileName, string mimeType, long length)
    {
        if (FileSizeLimit is { } limit && length > limit)
            return new HttpRejection(413, string.Create(CultureInfo.InvariantCulture, $"The file '{fileName}' has {length} bytes; {limit} are allowed."), HttpRejection.FileTooLarge);
        var extension = Path.GetExtension(fileName).TrimStart('.');
        if ((AllowedFileExtensions.Count > 0 && !Contains(AllowedFileExtensions, extension)) || Contains(BlockedFileExtensions, extension))
            return new HttpRejection(415, $"Files such as '{fileName}' are not allowed here.", HttpRejection.InvalidFileExtension);
        return AllowedMimeTypes.Count > 0 && !AllowedMimeTypes.Any(t => Covers(t, mimeType))
            ? new HttpRejection(415, $"The file '{fileName}' is '{mimeType}', which is not allowed here.", HttpRejection.InvalidFileMimeType)
            : null;
    }

    private static bool Contains(IReadOnlyList<string> extensions, string extension) =>
        extensions.Any(e => e.Trim().TrimStart('*').TrimStart('.').Equals(extension, StringComparison.OrdinalIgnoreCase));

    private static bool Covers(string allowed, string type) => allowed.EndsWith("/*", StringComparison.Ordinal)
        ? type.StartsWith(allowed[..^1], StringComparison.OrdinalIgnoreCase)
        : type.Equals(allowed.Trim(), StringComparison.OrdinalIgnoreCase);

    private static long? Number(object? value) =>
        value is not null && long.TryParse(PlainJson.AsText(value), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    private static IReadOnlyList<string> Texts(object? value) => [.. (PlainJson.Elements(value) ?? []).Select(PlainJson.AsText).Where(t => !string.IsNullOrWhiteSpace(t))];
}
