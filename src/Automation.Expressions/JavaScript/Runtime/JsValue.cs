using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Automation.Expressions.JavaScript.Runtime;

internal enum JsType : byte
{
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Symbol,
    BigInt,
    Object,

    /// <summary>Not a value: an array hole, or a variable not yet initialised.</summary>
    Absent,
}

/// <summary>
/// A value of the language in sixteen bytes: what it refers to, or a tag and a number. Numbers and booleans take no memory of their own.
/// </summary>
internal readonly struct JsValue
{
    private readonly object? _reference;
    private readonly double _number;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private JsValue(object? reference, double number)
    {
        _reference = reference;
        _number = number;
    }

    public static JsValue Undefined => default;
    public static JsValue Null => new(NullTag, 0);
    public static JsValue True => new(BooleanTag, 1);
    public static JsValue False => new(BooleanTag, 0);
    public static JsValue NaN => new(NumberTag, double.NaN);

    /// <summary>An array hole, or a variable not yet initialised. Never seen by a script.</summary>
    public static JsValue Absent => new(AbsentTag, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JsValue FromNumber(double value) => new(NumberTag, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static JsValue FromBoolean(bool value) => new(BooleanTag, value ? 1 : 0);

    /// <summary>Carries what is not a value in a property's place: an accessor pair.</summary>
    public static JsValue FromRaw(object reference) => new(reference, 0);

    public static implicit operator JsValue(string value) => new(value, 0);

    public static implicit operator JsValue(JsObject value) => new(value, 0);

    public static implicit operator JsValue(JsSymbol value) => new(value, 0);

    public static implicit operator JsValue(JsBigInt value) => new(value, 0);

    public static implicit operator JsValue(JsRope value) => new(value, 0);

    public static implicit operator JsValue(double value) => new(NumberTag, value);

    public static implicit operator JsValue(bool value) => FromBoolean(value);

    public bool IsUndefined => _reference is null;

    public bool IsNull => ReferenceEquals(_reference, NullTag);

    public bool IsNullish => _reference is null || ReferenceEquals(_reference, NullTag);

    public bool IsNumber => ReferenceEquals(_reference, NumberTag);

    public bool IsBoolean => ReferenceEquals(_reference, BooleanTag);

    public bool IsAbsent => ReferenceEquals(_reference, AbsentTag);

    public bool IsString => _reference is string or JsRope;

    public bool IsObject => _reference is JsObject;

    public bool IsSymbol => _reference is JsSymbol;

    public bool IsBigInt => _reference is JsBigInt;

    public bool IsCallable => _reference is JsFunction;

    public bool IsTrue => ReferenceEquals(_reference, BooleanTag) && _number != 0;

    /// <summary>What the value refers to, whatever it is.</summary>
    public object? Reference => _reference;

    public JsType Type => _reference switch
    {
        null => JsType.Undefined,
        Type tag => TypeOf(tag),
        string or JsRope => JsType.String,
        JsObject => JsType.Object,
        JsSymbol => JsType.Symbol,
        JsBigInt => JsType.BigInt,
        _ => JsType.Absent,
    };

    /// <summary>The number; only for a number (or 0 or 1 for a boolean).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public double AsNumber() => _number;

    /// <summary>The text; only for a string.</summary>
    public string AsString() => _reference as string ?? ((JsRope)_reference!).ToString();

    public JsObject? AsObject() => _reference as JsObject;

    public JsFunction? AsFunction() => _reference as JsFunction;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryObject([NotNullWhen(true)] out JsObject? value)
    {
        value = _reference as JsObject;
        return value is not null;
    }

    public override string ToString() => Type switch
    {
        JsType.Undefined => "undefined",
        JsType.Null => "null",
        JsType.Boolean => _number != 0 ? "true" : "false",
        JsType.Number => NumberFormatter.ToText(_number),
        _ => _reference?.ToString() ?? "",
    };

    private static JsType TypeOf(Type tag)
    {
        if (ReferenceEquals(tag, NumberTag))
            return JsType.Number;
        if (ReferenceEquals(tag, BooleanTag))
            return JsType.Boolean;
        return ReferenceEquals(tag, NullTag) ? JsType.Null : JsType.Absent;
    }

    // Types serve as tags because to compiled code they are constants outside the collected heap: comparing and storing one is cheapest.
    private static Type NullTag => typeof(NullMark);
    private static Type BooleanTag => typeof(BooleanMark);
    private static Type NumberTag => typeof(NumberMark);
    private static Type AbsentTag => typeof(AbsentMark);

    private static class NullMark;

    private static class BooleanMark;

    private static class NumberMark;

    private static class AbsentMark;
}
