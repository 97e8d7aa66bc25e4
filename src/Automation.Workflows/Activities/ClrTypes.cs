using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Automation.Workflows.Definitions;

namespace Automation.Workflows.Activities;

/// <summary>Between the .NET types of activity properties and plain values.</summary>
internal static class ClrTypes
{
    public static DataType DataTypeOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
            return DataType.OfEnum(type.Name, Enum.GetNames(type));
        if (type == typeof(string))
            return DataType.Find("String");
        if (type == typeof(byte[]))
            return DataType.Find("ByteArray");
        if (type == typeof(object))
            return DataType.Object;
        if (type == typeof(Uri))
            return DataType.Find("Uri");
        if (type == typeof(JsonElement))
            return DataType.Find("JSON");
        if (type.IsPrimitive || type == typeof(decimal) || type == typeof(TimeSpan) || type == typeof(DateTimeOffset) || type == typeof(DateTime) || type == typeof(Guid))
            return DataType.Find(type.Name);
        if (type.IsArray)
            return DataType.Find(DataTypeOf(type.GetElementType()!).Alias, isArray: true);
        if (type.IsGenericType && type.GetGenericArguments() is { Length: 2 } pair && pair[0] == typeof(string))
            return DataType.Find("ObjectDictionary");
        if (type.IsGenericType && type.GetGenericArguments() is { Length: 1 } one && typeof(IEnumerable).IsAssignableFrom(type))
            return DataType.Find(DataTypeOf(one[0]).Alias, isArray: true);
        return DataType.Object;
    }

    /// <summary>A plain value as the .NET type of an input.</summary>
    public static T? As<T>(object? value)
    {
        if (value is T same)
            return same;
        return value is null ? default : (T?)Change(value, Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T));
    }

    private static object? Change(object value, Type type)
    {
        if (type.IsInstanceOfType(value))
            return value;
        if (type.IsEnum)
            return Enum.Parse(type, ValueConverter.ToText(value), ignoreCase: true);
        if (type == typeof(int))
            return (int)(long)ValueConverter.Convert(value, Int32)!;
        if (type == typeof(long))
            return ValueConverter.Convert(value, Int64);
        if (type == typeof(bool))
            return ValueConverter.Box(ValueConverter.ToBoolean(value));
        if (type == typeof(double))
            return ValueConverter.Convert(value, Double);
        if (type == typeof(decimal))
            return System.Convert.ToDecimal(ValueConverter.Convert(value, Double), CultureInfo.InvariantCulture);
        if (type == typeof(string))
            return ValueConverter.ToText(value);
        if (type == typeof(JsonElement))
            return JsonDocument.Parse(JsonValues.ToUtf8(value)).RootElement;
        if (type == typeof(Uri))
            return new Uri(ValueConverter.ToText(value), UriKind.RelativeOrAbsolute);
        if (type == typeof(TimeSpan) || type == typeof(DateTimeOffset) || type == typeof(Guid))
            return ValueConverter.Convert(value, DataTypeOf(type));
        if (type.IsArray && value is IEnumerable items and not string)
        {
            var element = type.GetElementType()!;
            var list = new ArrayList();
            foreach (var item in items)
                list.Add(item is null ? null : Change(item, element));
            return list.ToArray(element);
        }

        if (type.IsGenericType && type.GetGenericArguments() is { Length: 1 } one && value is IEnumerable sequence and not string)
        {
            var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(one[0]))!;
            foreach (var item in sequence)
                list.Add(item is null ? null : Change(item, one[0]));
            return list;
        }

        throw new ValueConversionException($"Cannot use a value of type {value.GetType().Name} as {type.Name}.");
    }

    /// <summary>A .NET value as a plain value.</summary>
    public static object? ToPlain(object? value) => value switch
    {
        null or string or long or double or DateTimeOffset or TimeSpan or Guid or byte[] or BigInteger or JsonElement => value,
        bool b => ValueConverter.Box(b),
        int n => (long)n,
        short n => (long)n,
        byte n => (long)n,
        uint n => (long)n,
        ulong n => n <= long.MaxValue ? (long)n : new BigInteger(n),
        float f => (double)f,
        decimal m => (double)m,
        DateTime at => new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)),
        Enum e => e.ToString(),
        Uri uri => uri.OriginalString,
        _ => value,
    };

    private static readonly DataType Int32 = DataType.Find("Int32");
    private static readonly DataType Int64 = DataType.Find("Int64");
    private static readonly DataType Double = DataType.Find("Double");
}
