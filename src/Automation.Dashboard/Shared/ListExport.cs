using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Automation.Dashboard.Shared;

/// <summary>A column of an exported list.</summary>
/// <typeparam name="T">What a row is made of.</typeparam>
/// <param name="Name">Its name: the header in CSV, the member in NDJSON.</param>
/// <param name="Value">Its value for a row.</param>
internal sealed record ExportColumn<T>(string Name, Func<T, object?> Value);

/// <summary>A list of any length as a file, written while it is read: CSV for spreadsheets, or one JSON object a line.</summary>
internal static class ListExport
{
    public const string Formats = "csv or ndjson";

    private const int Part = 64 * 1024;

    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Writes the rows.</summary>
    /// <param name="context">The request.</param>
    /// <param name="format">csv (the default) or ndjson.</param>
    /// <param name="name">The file's name, without its ending.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The columns.</param>
    public static async Task<IResult> WriteAsync<T>(HttpContext context, string? format, string name, IAsyncEnumerable<T> rows, IReadOnlyList<ExportColumn<T>> columns)
    {
        if (format is not (null or "" or "csv" or "ndjson"))
            return Problems.Range("format", format, Formats);
        var asJson = format == "ndjson";
        context.Response.ContentType = asJson ? "application/x-ndjson" : "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.{(asJson ? "ndjson" : "csv")}\"";
        var buffer = new ArrayBufferWriter<byte>(Part);
        if (!asJson)
            Line(buffer, string.Join(',', columns.Select(c => c.Name)));
        await foreach (var row in rows.WithCancellation(context.RequestAborted))
        {
            if (asJson)
                Line(buffer, JsonSerializer.Serialize(columns.ToDictionary(c => c.Name, c => c.Value(row), StringComparer.Ordinal), Json));
            else
                Line(buffer, string.Join(',', columns.Select(c => Cell(c.Value(row)))));
            if (buffer.WrittenCount < Part)
                continue;
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
            buffer.ResetWrittenCount();
        }

        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
        return Results.Empty;
    }

    /// <summary>A value as a cell of CSV. Text that a spreadsheet would calculate is kept from that by an apostrophe.</summary>
    internal static string Cell(object? value)
    {
        var text = value switch
        {
            null => "",
            DateTimeOffset at => at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
        if (value is string && text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..])
            text = "'" + text;
        return text.AsSpan().ContainsAny(Special) ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private static void Line(ArrayBufferWriter<byte> buffer, string text)
    {
        Encoding.UTF8.GetBytes(text, buffer);
        buffer.Write("\n"u8);
    }
}
