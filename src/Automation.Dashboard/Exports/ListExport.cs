using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Automation.Dashboard.Shared;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Automation.Dashboard.Exports;

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

    /// <summary>What has been written goes out when the next row takes longer, so that nobody in between gives the connection up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>Writes the rows.</summary>
    /// <param name="context">The request.</param>
    /// <param name="format">csv (the default) or ndjson.</param>
    /// <param name="name">The file's name, without its ending.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The columns.</param>
    /// <param name="unfinished">Asked after the rows: why they are not all, as the last line; null where they are.</param>
    public static async Task<IResult> WriteAsync<T>(
        HttpContext context, string? format, string name, IAsyncEnumerable<T> rows, IReadOnlyList<ExportColumn<T>> columns, Func<string?>? unfinished = null)
    {
        if (format is not (null or "" or "csv" or "ndjson"))
            return Problems.Range("format", format, Formats);
        var asJson = format == "ndjson";
        context.Response.ContentType = asJson ? "application/x-ndjson" : "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}.{(asJson ? "ndjson" : "csv")}\"";
        var buffer = new ArrayBufferWriter<byte>(Part);
        if (!asJson)
            Line(buffer, string.Join(',', columns.Select(c => c.Name)));
        var clock = context.RequestServices.GetRequiredService<TimeProvider>();
        await using var reader = rows.GetAsyncEnumerator(context.RequestAborted);
        while (await NextAsync())
        {
            var row = reader.Current;
            if (asJson)
                Line(buffer, JsonSerializer.Serialize(columns.ToDictionary(c => c.Name, c => c.Value(row), StringComparer.Ordinal), Json));
            else
                Line(buffer, string.Join(',', columns.Select(c => Cell(c.Value(row)))));
            if (buffer.WrittenCount >= Part)
                await SendAsync();
        }

        if (unfinished?.Invoke() is { } why)
            Line(buffer, asJson ? JsonSerializer.Serialize(new { unfinished = why }, Json) : Cell("# " + why) + new string(',', columns.Count - 1));
        await SendAsync();
        return Results.Empty;

        async ValueTask<bool> NextAsync()
        {
            var next = reader.MoveNextAsync();
            if (next.IsCompleted)
                return await next;
            var pending = next.AsTask();
            while (await Task.WhenAny(pending, Task.Delay(Patience, clock, context.RequestAborted)) != pending && !context.RequestAborted.IsCancellationRequested)
                await SendAsync();
            return await pending;
        }

        async Task SendAsync()
        {
            if (buffer.WrittenCount == 0)
                return;
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            buffer.ResetWrittenCount();
        }
    }

    /// <summary>A parameter that names one of some words.</summary>
    /// <returns>What is wrong with it; null where nothing is.</returns>
    public static ProblemHttpResult? Read<T>(string name, string? text, out T? wanted)
        where T : struct, Enum
    {
        wanted = null;
        if (string.IsNullOrEmpty(text))
            return null;
        if (!Enum.TryParse<T>(text, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
            return Problems.Range(name, text, string.Join(", ", Enum.GetNames<T>()));
        wanted = parsed;
        return null;
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
