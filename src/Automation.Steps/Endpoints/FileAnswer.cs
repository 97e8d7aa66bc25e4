using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Automation.Steps.Http;
using Automation.Steps.Values;
using Automation.Workflows.Execution;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Automation.Steps.Endpoints;

/// <summary>Sends one file, or several as a zip archive.</summary>
internal static class FileAnswer
{
    public static async Task WriteAsync(HttpContext context, FileResponseEffect effect, HttpCaller caller, StoredFiles stored)
    {
        List<DownloadFile> files;
        try
        {
            files = await FilesAsync(effect.Content, caller, stored, context.RequestAborted);
        }
        catch (DownloadException e)
        {
            await EndpointProblem.WriteAsync(context, StatusCodes.Status502BadGateway, e.Message);
            return;
        }

        if (files.Count == 0)
        {
            await EndpointProblem.WriteAsync(context, StatusCodes.Status404NotFound, "The workflow has no file to send.");
            return;
        }

        var file = files is [var single] ? single : Zip(files);
        var name = effect.FileName is { Length: > 0 } given ? given : file.Name ?? (files.Count > 1 ? "download.zip" : "file.bin");
        var type = effect.ContentType is { Length: > 0 } wanted ? wanted : file.Type ?? FileValue.TypeOf(name);
        // The same file has the same tag, so a client that asks for the rest of it knows that it is the rest.
        var tag = effect.EntityTag is { Length: > 0 } text ? text : effect.Resumable ? Convert.ToHexStringLower(SHA256.HashData(file.Content).AsSpan(0, 16)) : null;
        context.Response.ContentType = type;
        WorkflowAnswer.Isolate(context.Response);
        await Results.File(
            file.Content, type, name, enableRangeProcessing: effect.Resumable,
            entityTag: tag is null ? null : new EntityTagHeaderValue(tag.StartsWith('"') || tag.StartsWith("W/", StringComparison.Ordinal) ? tag : $"\"{tag}\"")).ExecuteAsync(context);
    }

    private static async Task<List<DownloadFile>> FilesAsync(object? content, HttpCaller caller, StoredFiles stored, CancellationToken cancellationToken)
    {
        var files = new List<DownloadFile>();
        foreach (var item in PlainJson.Elements(content) ?? [content])
        {
            if (await FileAsync(item, caller, stored, cancellationToken) is { } file)
                files.Add(file);
        }

        return files;
    }

    private static async Task<DownloadFile?> FileAsync(object? item, HttpCaller caller, StoredFiles stored, CancellationToken cancellationToken)
    {
        switch (item)
        {
            case null:
                return null;
            case byte[] bytes:
                return new DownloadFile(bytes, null, null);
        }

        if (PlainJson.Members(item) is { } members)
        {
            var file = new Dictionary<string, object?>(members, StringComparer.OrdinalIgnoreCase);
            var name = Given(file, "fileName") ?? Given(file, "filename") ?? Given(file, "name");
            if (await stored.ReadAsync(item, cancellationToken) is { } kept)
                return new DownloadFile(kept, name, Given(file, "contentType"));
            // Bytes that were stored while the instance waited come back as Base64.
            return file.TryGetValue("content", out var content) || file.TryGetValue("stream", out content)
                ? new DownloadFile(content is byte[] raw ? raw : Bytes(PlainJson.AsText(content)), name, Given(file, "contentType"))
                : new DownloadFile(PlainJson.ToUtf8(item), null, "application/json");
        }

        var text = PlainJson.AsText(item);
        return IsAddress(text) ? await DownloadAsync(text, caller, cancellationToken) : new DownloadFile(Encoding.UTF8.GetBytes(text), null, null);
    }

    private static async Task<DownloadFile> DownloadAsync(string url, HttpCaller caller, CancellationToken cancellationToken)
    {
        var result = await caller.SendAsync(new HttpCall { Url = url, MaxRedirects = 5 }, cancellationToken);
        if (result.Answer is not { } answer)
            throw new DownloadException($"The file could not be fetched. {result.Error}");
        if (answer.StatusCode is < 200 or > 299)
            throw new DownloadException($"The file could not be fetched: its server answered {answer.StatusCode}.");
        return new DownloadFile(answer.Body, Path.GetFileName(new Uri(url).LocalPath) is { Length: > 0 } name ? name : null, answer.MediaType);
    }

    /// <summary>The same files make the same archive, byte for byte, so that a download can be resumed.</summary>
    private static DownloadFile Zip(List<DownloadFile> files)
    {
        using var whole = new MemoryStream();
        using (var archive = new ZipArchive(whole, ZipArchiveMode.Create, leaveOpen: true))
        {
            var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            for (var i = 0; i < files.Count; i++)
            {
                var name = Path.GetFileName(files[i].Name ?? $"file-{i + 1}.bin");
                for (var n = 2; !taken.Add(name); n++)
                    name = $"{Path.GetFileNameWithoutExtension(files[i].Name)}-{n}{Path.GetExtension(files[i].Name)}";
                var entry = archive.CreateEntry(name);
                entry.LastWriteTime = new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using var stream = entry.Open();
                stream.Write(files[i].Content);
            }
        }

        return new DownloadFile(whole.ToArray(), null, "application/zip");
    }

    private static byte[] Bytes(string text)
    {
        var buffer = new byte[text.Length];
        return Convert.TryFromBase64String(text, buffer, out var length) ? buffer[..length] : Encoding.UTF8.GetBytes(text);
    }

    private static bool IsAddress(string text) =>
        (text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        && !text.AsSpan().ContainsAny(" \r\n\t") && Uri.IsWellFormedUriString(text, UriKind.Absolute);

    private static string? Given(Dictionary<string, object?> members, string name) =>
        members.TryGetValue(name, out var value) && PlainJson.AsText(value) is { Length: > 0 } text ? text : null;

    private sealed record DownloadFile(byte[] Content, string? Name, string? Type);

    private sealed class DownloadException(string message) : Exception(message);
}
