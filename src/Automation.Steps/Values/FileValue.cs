using System.Text;
using Microsoft.AspNetCore.StaticFiles;

namespace Automation.Steps.Values;

/// <summary>
/// A file among plain values: an object with <c>fileName</c>, <c>content</c> (text or bytes) or <c>base64</c>, and
/// <c>contentType</c>, as HTTP endpoints give uploads; or bare bytes. Where no type is given, the end of the name says it.
/// </summary>
internal sealed record FileValue(string Name, string ContentType, byte[] Content)
{
    private const string UnknownType = "application/octet-stream";
    private static readonly FileExtensionContentTypeProvider Types = new();

    /// <summary>The media type that the end of a file's name stands for.</summary>
    public static string TypeOf(string name) => Types.TryGetContentType(name, out var type) ? type : UnknownType;

    /// <summary>The file that a value is; null where it is none.</summary>
    /// <param name="value">The value.</param>
    /// <param name="what">What to call it in a message, and a file that is only bytes.</param>
    /// <exception cref="FormatException">Its content is no base64.</exception>
    public static FileValue? Read(object? value, string what)
    {
        if (value is byte[] bare)
            return new FileValue(what, UnknownType, bare);
        var members = PlainJson.Members(value)?.ToDictionary(m => m.Key, m => m.Value, StringComparer.OrdinalIgnoreCase);
        return members is not null && members.ContainsKey("fileName") ? Read(members, what) : null;
    }

    /// <inheritdoc cref="Read(object?, string)"/>
    public static FileValue Read(IReadOnlyDictionary<string, object?> members, string what)
    {
        var name = PlainJson.AsText(members.GetValueOrDefault("fileName") ?? members.GetValueOrDefault("name"));
        var type = PlainJson.AsText(members.GetValueOrDefault("contentType"));
        try
        {
            var content = PlainJson.AsText(members.GetValueOrDefault("base64")) is { Length: > 0 } base64 ? Convert.FromBase64String(base64)
                : members.GetValueOrDefault("content") is byte[] bytes ? bytes
                : Encoding.UTF8.GetBytes(PlainJson.AsText(members.GetValueOrDefault("content")));
            return new FileValue(name, type.Length == 0 ? TypeOf(name) : type, content);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{what} (\"{name}\") is no base64: {e.Message}", e);
        }
    }
}
