using System.Security.Cryptography;
using System.Text;
using Automation.Steps.Activities;
using Automation.Steps.Values;

namespace Automation.Steps.Http;

/// <summary>
/// Writes <c>multipart/form-data</c>: an object's members are the fields, a list repeats its field, and what
/// <see cref="FileValue"/> knows as a file goes as one. The same value always gives the same bytes, so that every attempt
/// and its signature agree.
/// </summary>
internal static class MultipartWriter
{
    public const string MediaType = "multipart/form-data";

    /// <exception cref="FormatException">The value is no object of fields.</exception>
    public static HttpBody Write(object content)
    {
        var fields = PlainJson.Members(StepInputs.Parsed(content, "The multipart body"))
            ?? throw new FormatException("A multipart body is an object of fields, such as {\"title\":\"x\",\"file\":{\"fileName\":\"a.txt\",\"content\":\"text\"}}.");
        var parts = new List<(string Head, byte[] Content)>();
        foreach (var (name, value) in fields)
        {
            foreach (var one in PlainJson.Elements(value) ?? [value])
                parts.Add(Part(name, one));
        }

        // Nobody can write a body that has its own digest in it, so the boundary is not found inside a part.
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (head, part) in parts)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(head));
            hash.AppendData(part);
        }

        var boundary = "automation-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
        using var body = new MemoryStream();
        foreach (var (head, part) in parts)
        {
            body.Write(Encoding.UTF8.GetBytes($"--{boundary}\r\n{head}\r\n\r\n"));
            body.Write(part);
            body.Write("\r\n"u8);
        }

        body.Write(Encoding.ASCII.GetBytes($"--{boundary}--\r\n"));
        return new HttpBody(body.ToArray(), $"{MediaType}; boundary={boundary}");
    }

    private static (string Head, byte[] Content) Part(string name, object? value)
    {
        var disposition = $"Content-Disposition: form-data; name=\"{Quoted(name)}\"";
        if (FileValue.Read(value, name) is { } file)
            return ($"{disposition}; filename=\"{Quoted(file.Name)}\"\r\nContent-Type: {Line(file.ContentType)}", file.Content);
        var type = PlainJson.Members(value) is null ? "" : "\r\nContent-Type: application/json";
        return (disposition + type, Encoding.UTF8.GetBytes(PlainJson.AsText(value)));
    }

    // As browsers do it (HTML, multipart/form-data encoding algorithm).
    private static string Quoted(string text) =>
        text.Replace("\r", "%0D", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal).Replace("\"", "%22", StringComparison.Ordinal);

    private static string Line(string text) => text.AsSpan().IndexOfAny('\r', '\n') < 0 ? text : throw new FormatException("A file's contentType has a line break in it.");
}
