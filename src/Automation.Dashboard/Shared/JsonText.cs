using System.Text;
using System.Text.Json;

namespace Automation.Dashboard.Shared;

/// <summary>Stored text as a person wants to read it.</summary>
internal static class JsonText
{
    private const int MaxShown = 200_000;
    private static readonly JsonWriterOptions Pretty = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>JSON indented; anything else as it is. Razor encodes it when it is shown.</summary>
    public static string Show(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer, Pretty))
                document.WriteTo(writer);
            return Cut(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
        }
        catch (JsonException)
        {
            return Cut(Encoding.UTF8.GetString(bytes.Span));
        }
    }

    /// <inheritdoc cref="Show(ReadOnlyMemory{byte})"/>
    public static string Show(string? text) => text is null ? "" : Show(Encoding.UTF8.GetBytes(text));

    private static string Cut(string text) => text.Length <= MaxShown ? text : string.Concat(text.AsSpan(0, MaxShown), $"\n… {text.Length - MaxShown} more characters");
}
