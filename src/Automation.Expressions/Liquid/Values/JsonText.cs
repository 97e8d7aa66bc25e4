using System.Buffers;
using System.Numerics;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Automation.Expressions.Liquid.Values;

/// <summary>Values as JSON text.</summary>
internal static class JsonText
{
    // Templates make messages and payloads: letters outside ASCII and quotes in text stay readable.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true, MaxDepth = 1000 };
    private static readonly JsonWriterOptions Indented = Compact with { Indented = true, NewLine = "\n" };

    public static string Of(RenderContext context, object? value, bool indented, bool asciiOnly = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = indented ? Indented : Compact;
        if (asciiOnly)
            options.Encoder = JavaScriptEncoder.Default;
        using (var writer = new Utf8JsonWriter(buffer, options))
            Write(context, writer, value);
        return context.Made(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void Write(RenderContext context, Utf8JsonWriter writer, object? value)
    {
        context.Step();
        context.CheckStringLength(writer.BytesCommitted + writer.BytesPending + ((value as string)?.Length ?? 0));

        switch (value)
        {
            case null or Emptiness or double.NaN or double.PositiveInfinity or double.NegativeInfinity:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case MarkupText markup:
                writer.WriteStringValue(markup.Text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case BigInteger or double:
                writer.WriteRawValue(Numbers.Text(value), skipInputValidation: true);
                break;
            case decimal number:
                writer.WriteNumberValue(number);
                break;
            default:
                if (TextOf.Scalar(value) is { } scalar)
                    writer.WriteStringValue(scalar);
                else if (Items.IsArray(value))
                    WriteArray(context, writer, value);
                else
                    WriteObject(context, writer, value);
                break;
        }
    }

    private static void WriteArray(RenderContext context, Utf8JsonWriter writer, object array)
    {
        context.Enter();
        writer.WriteStartArray();
        foreach (var item in Items.Of(context, array))
            Write(context, writer, Plain.From(item));
        writer.WriteEndArray();
        context.Leave();
    }

    private static void WriteObject(RenderContext context, Utf8JsonWriter writer, object value)
    {
        context.Enter();
        writer.WriteStartObject();
        foreach (var (name, property) in Members.Of(value))
        {
            writer.WritePropertyName(name);
            Write(context, writer, property);
        }

        writer.WriteEndObject();
        context.Leave();
    }
}
