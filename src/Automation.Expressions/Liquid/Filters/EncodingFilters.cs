using System.Buffers.Text;
using System.Text;
using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

internal static class EncodingFilters
{
    public static object Json(RenderContext context, object? input, FilterArguments arguments) =>
        JsonText.Of(context, input, Equality.IsTrue(arguments[0]), context.Options.FluidFilters);

    public static object? UrlEncode(RenderContext context, object? input, FilterArguments arguments)
    {
        if (input is null)
            return null;
        var bytes = Encoding.UTF8.GetBytes(TextOf.Value(context, input));
        var result = new TextBuilder(context);
        Span<char> escaped = ['%', '0', '0'];
        foreach (var b in bytes)
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~')
            {
                result.Append((char)b);
            }
            else if (b == ' ')
            {
                result.Append('+');
            }
            else
            {
                escaped[1] = "0123456789ABCDEF"[b >> 4];
                escaped[2] = "0123456789ABCDEF"[b & 15];
                result.Append(escaped);
            }
        }

        return result.ToString();
    }

    public static object? UrlDecode(RenderContext context, object? input, FilterArguments arguments)
    {
        if (input is null)
            return null;
        var text = Encoding.UTF8.GetBytes(TextOf.Value(context, input));
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = text[i];
            if (b == '+')
            {
                b = (byte)' ';
            }
            else if (b == '%' && i + 2 < text.Length && char.IsAsciiHexDigit((char)text[i + 1]) && char.IsAsciiHexDigit((char)text[i + 2]))
            {
                b = (byte)((Hex(text[i + 1]) << 4) | Hex(text[i + 2]));
                i += 2;
            }

            text[length++] = b;
        }

        return context.Made(Encoding.UTF8.GetString(text, 0, length));
    }

    public static object Base64Encode(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(Convert.ToBase64String(Bytes(context, input)));

    public static object Base64UrlSafeEncode(RenderContext context, object? input, FilterArguments arguments) =>
        context.Made(Convert.ToBase64String(Bytes(context, input)).Replace('+', '-').Replace('/', '_'));

    public static object Base64Decode(RenderContext context, object? input, FilterArguments arguments)
    {
        if (input is byte[] bytes)
            return context.Made(Encoding.UTF8.GetString(bytes));
        var text = TextOf.Value(context, input);
        var decoded = new byte[(text.Length * 3L / 4) + 3];
        return Convert.TryFromBase64String(text, decoded, out var length)
            ? context.Made(Encoding.UTF8.GetString(decoded, 0, length))
            : throw context.Error("The input of 'base64_decode' is not Base64.");
    }

    public static object Base64UrlSafeDecode(RenderContext context, object? input, FilterArguments arguments)
    {
        var text = TextOf.Value(context, input);
        if (!Base64Url.IsValid(text))
            throw context.Error("The input of 'base64_url_safe_decode' is not URL-safe Base64.");
        return context.Made(Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)));
    }

    private static byte[] Bytes(RenderContext context, object? input) =>
        input as byte[] ?? Encoding.UTF8.GetBytes(TextOf.Value(context, input));

    private static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
