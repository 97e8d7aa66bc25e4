using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Automation.Intake.Webhooks;

/// <summary>Request headers as they are kept in the event log: a JSON object, with secrets masked.</summary>
internal static class HeaderRecord
{
    public const string Mask = "***";

    /// <summary>What every request has and what is never secret, told apart without looking into the name.</summary>
    private static readonly FrozenSet<string> Plain = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Host", "User-Agent", "Accept", "Accept-Encoding", "Accept-Language", "Connection", "Content-Type", "Content-Length", "Transfer-Encoding", "traceparent");

    private static readonly SearchValues<string> SecretWords = SearchValues.Create(
        ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey"], StringComparison.OrdinalIgnoreCase);

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? _scratch;

    public static string Write(IHeaderDictionary headers, IReadOnlySet<string>? secretHeaders)
    {
        var (buffer, writer) = _scratch ??= Scratch();
        buffer.ResetWrittenCount();
        writer.Reset();
        writer.WriteStartObject();
        foreach (var (name, values) in headers)
        {
            if (values.Count == 0)
                continue;
            var text = IsSecret(name, secretHeaders) ? Mask : values.Count == 1 ? values[0] : values.ToString();
            writer.WriteString(name, text);
        }

        writer.WriteEndObject();
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A query string with the values of secret parameters masked; null where there is none.</summary>
    public static string? Query(QueryString query)
    {
        if (!query.HasValue || query.Value.Length < 2)
            return null;
        var pairs = query.Value[1..].Split('&').Select(p => p.Split('=', 2) is [var name, _] && name.AsSpan().ContainsAny(SecretWords) ? name + "=" + Mask : p);
        return "?" + string.Join('&', pairs);
    }

    private static bool IsSecret(string name, IReadOnlySet<string>? secretHeaders) =>
        !Plain.Contains(name) && (name.AsSpan().ContainsAny(SecretWords) || secretHeaders?.Contains(name) == true);

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) Scratch()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        return (buffer, new Utf8JsonWriter(buffer, WriterOptions));
    }
}
