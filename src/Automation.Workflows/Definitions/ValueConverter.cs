using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace Automation.Workflows.Definitions;

/// <summary>A value cannot be turned into the wanted type.</summary>
/// <param name="message">One sentence that names value and type.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class ValueConversionException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Turns plain values into declared types, the way Elsa 3 does it for inputs and variables.</summary>
internal static class ValueConverter
{
    public static readonly object True = true;
    public static readonly object False = false;

    public static object Box(bool value) => value ? True : False;

    /// <summary>
    /// A variable's value as it is after it has been stored: dates, durations, bytes and numbers that came as text become what the
    /// declared type says, where they can. Values are treated so when they are set, too, so that no outcome depends on when an
    /// instance was stored.
    /// </summary>
    internal static object? Typed(object? value, DataType type)
    {
        if (value is not string || type.Kind is DataKind.Object or DataKind.String or DataKind.Json or DataKind.Dictionary)
            return value;
        try
        {
            return Convert(value, type);
        }
        catch (ValueConversionException)
        {
            return value;
        }
    }

    /// <summary>Converts; null stays null.</summary>
    /// <exception cref="ValueConversionException">The value has no form in that type.</exception>
    public static object? Convert(object? value, DataType type)
    {
        if (value is JsonElement element)
            value = JsonValues.FromElement(element);
        if (value is null)
            return null;
        if (type.IsArray)
            return ToList(value, type);
        try
        {
            return type.Kind switch
            {
                DataKind.Object => value,
                DataKind.String or DataKind.Uri => ToText(value),
                DataKind.Boolean => Box(ToBoolean(value)),
                DataKind.Int16 => Whole(value, short.MinValue, short.MaxValue, type),
                DataKind.Int32 => Whole(value, int.MinValue, int.MaxValue, type),
                DataKind.Int64 => Whole(value, long.MinValue, long.MaxValue, type),
                DataKind.Single or DataKind.Double or DataKind.Decimal => Floating(value, type),
                DataKind.Guid => value is Guid ? value : Guid.Parse(ToText(value)),
                DataKind.DateTime or DataKind.DateTimeOffset => Time(value),
                DataKind.TimeSpan => Span(value),
                DataKind.Bytes => Bytes(value),
                DataKind.Json => Json(value),
                DataKind.Dictionary => Map(value, type),
                DataKind.Headers => Headers(value, type),
                DataKind.HttpStatus => HttpStatus(value, type),
                DataKind.Enum => Name(value, type),
                _ => value,
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException or ArgumentException)
        {
            throw Failed(value, type.Alias, e);
        }
    }

    public static string ToText(object value) => value switch
    {
        string s => s,
        bool b => b ? "True" : "False",
        long n => n.ToString(CultureInfo.InvariantCulture),
        double d => DoubleText(d),
        BigInteger big => big.ToString(CultureInfo.InvariantCulture),
        DateTimeOffset at => at.ToString("O", CultureInfo.InvariantCulture),
        TimeSpan span => span.ToString("c", CultureInfo.InvariantCulture),
        Guid id => id.ToString("D"),
        IDictionary or IEnumerable => JsonValues.ToText(value),
        _ => System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    public static string DoubleText(double d) =>
        d == Math.Truncate(d) && Math.Abs(d) < 1e15 ? ((long)d).ToString(CultureInfo.InvariantCulture) : d.ToString("R", CultureInfo.InvariantCulture);

    public static bool ToBoolean(object value) => value switch
    {
        bool b => b,
        long n => n != 0,
        double d => d != 0 && !double.IsNaN(d),
        BigInteger big => !big.IsZero,
        string s when bool.TryParse(s.Trim(), out var b) => b,
        string s when s.Trim() is "1" => true,
        string s when s.Trim() is "0" => false,
        _ => throw Failed(value, "Boolean", null),
    };

    private static object Whole(object value, long min, long max, DataType type)
    {
        var number = value switch
        {
            long n => n,
            bool b => b ? 1 : 0,
            // Half goes to the even neighbour, as System.Convert does.
            double d when Math.Abs(d) <= 9.2233720368547e18 => (long)Math.Round(d, MidpointRounding.ToEven),
            BigInteger big when big >= min && big <= max => (long)big,
            string s => ParseWhole(s, type),
            TimeSpan or DateTimeOffset or Guid => throw Failed(value, type.Alias, null),
            IConvertible c => c.ToInt64(CultureInfo.InvariantCulture),
            _ => throw Failed(value, type.Alias, null),
        };
        return number >= min && number <= max ? number : throw Failed(value, type.Alias, null);
    }

    private static long ParseWhole(string text, DataType type) =>
        long.TryParse(text.Trim(), NumberStyles.Integer, CultureInfo.InvariantCulture, out var n) ? n : throw Failed(text, type.Alias, null);

    private static object Floating(object value, DataType type)
    {
        var number = value switch
        {
            double d => d,
            long n => n,
            bool b => b ? 1 : 0,
            BigInteger big => (double)big,
            string s when double.TryParse(s.Trim(), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var d) => d,
            IConvertible c and not string => c.ToDouble(CultureInfo.InvariantCulture),
            _ => throw Failed(value, type.Alias, null),
        };
        return type.Kind == DataKind.Single ? (double)(float)number : number;
    }

    private static object Time(object value) => value switch
    {
        DateTimeOffset => value,
        DateTime at => new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)),
        string s => DateTimeOffset.Parse(s, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        long n => DateTimeOffset.FromUnixTimeMilliseconds(n),
        double d => DateTimeOffset.FromUnixTimeMilliseconds((long)d),
        _ => throw Failed(value, "DateTimeOffset", null),
    };

    private static object Span(object value) => value switch
    {
        TimeSpan => value,
        string s when TimeSpan.TryParse(s, CultureInfo.InvariantCulture, out var span) => span,
        // ISO 8601, as "PT1M30S".
        string s when s.StartsWith('P') => System.Xml.XmlConvert.ToTimeSpan(s),
        _ => throw Failed(value, "TimeSpan", null),
    };

    private static object Bytes(object value) => value switch
    {
        byte[] => value,
        string s => System.Convert.FromBase64String(s),
        IEnumerable<object?> list => list.Select(i => (byte)(long)Whole(i ?? 0L, 0, 255, new DataType("Byte", DataKind.Int16, isArray: false, null))).ToArray(),
        _ => throw Failed(value, "ByteArray", null),
    };

    private static object? Json(object value) =>
        value is not string s ? value : JsonValues.TryParse(s, out var parsed) ? parsed : throw Failed(value, "JSON", null);

    private static object? Map(object value, DataType type) => value switch
    {
        IReadOnlyDictionary<string, object?> or IDictionary => value,
        string s when JsonValues.TryParse(s, out var parsed) && parsed is Dictionary<string, object?> or null => parsed,
        _ => throw Failed(value, type.Alias, null),
    };

    private static string HttpStatus(object value, DataType type)
    {
        if (value is string text && !char.IsAsciiDigit(text.AsSpan().Trim().IsEmpty ? 'x' : text.Trim()[0]))
        {
            return Enum.TryParse<System.Net.HttpStatusCode>(text, ignoreCase: true, out var named) ? named.ToString() : throw Failed(value, "HTTP status", null);
        }

        var number = (long)Whole(value, 100, 999, type);
        return ((System.Net.HttpStatusCode)number).ToString();
    }

    /// <summary>Header values are lists of text, whether they were written as one text or several.</summary>
    private static object? Headers(object value, DataType type)
    {
        if (Map(value, type) is not { } map)
            return null;
        var result = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        var pairs = map is IReadOnlyDictionary<string, object?> typed
            ? typed
            : ((IDictionary)map).Cast<DictionaryEntry>().ToDictionary(e => ToText(e.Key), e => e.Value, StringComparer.Ordinal);
        foreach (var (name, item) in pairs)
        {
            result[name] = item switch
            {
                null => new List<object?>(),
                IEnumerable list and not string => list.Cast<object?>().Select(object? (i) => i is null ? "" : ToText(i)).ToList(),
                _ => new List<object?> { ToText(item) },
            };
        }

        return result;
    }

    private static object? ToList(object value, DataType type)
    {
        if (value is string text)
        {
            if (text.AsSpan().TrimStart().StartsWith("[") && JsonValues.TryParse(text, out var parsed) && parsed is List<object?> read)
                value = read;
            else if (text.Length == 0)
                return null;
            else
                value = new List<object?> { text };
        }

        if (type.Kind == DataKind.Object && value is List<object?>)
            return value;
        var element = type.Kind == DataKind.Object ? DataType.Object : new DataType(type.Alias, type.Kind, isArray: false, type.Names);
        if (value is IDictionary or IReadOnlyDictionary<string, object?> or byte[] || value is not IEnumerable items)
            throw Failed(value, type.Alias, null);
        var list = new List<object?>();
        foreach (var item in items)
            list.Add(Convert(item, element));
        return list;
    }

    private static object Name(object value, DataType type)
    {
        var names = type.Names!;
        if (value is long or double)
        {
            var number = (long)Whole(value, long.MinValue, long.MaxValue, type);
            return number >= 0 && number < names.Count ? names[(int)number] : throw Failed(value, type.Alias, null);
        }

        var text = ToText(value);
        return names.FirstOrDefault(n => string.Equals(n, text.Trim(), StringComparison.OrdinalIgnoreCase)) ?? throw Failed(value, type.Alias, null);
    }

    private static ValueConversionException Failed(object value, string target, Exception? inner)
    {
        var text = ToText(value);
        if (text.Length > 80)
            text = text[..80] + "…";
        return new ValueConversionException($"Cannot convert '{text}' ({TypeName(value)}) to {target}.", inner);
    }

    private static string TypeName(object value) => value switch
    {
        string => "text",
        bool => "Boolean",
        long or double or BigInteger => "number",
        IDictionary => "object",
        IEnumerable => "list",
        _ => value.GetType().Name,
    };
}
