using System.Text;
using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <content>Methods that change nothing.</content>
internal static partial class ArrayBuiltins
{
    private static JsValue At(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var index = Operators.ToInteger(arguments.At(0));
        index = index < 0 ? length + index : index;
        return index >= 0 && index < length ? GetAt(o, index) : default;
    }

    private static JsValue Find(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments, bool wanted, Seek seek)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var callback = new Callback(arguments.Callback(0), arguments.At(1));
        for (double i = 0; i < length; i++)
        {
            var item = ElementAt(o, i);
            if (item.IsAbsent)
            {
                realm.Step();
                continue;
            }

            if (callback.Test(item, i, o) == wanted)
                return seek == Seek.Some;
        }

        return seek == Seek.Every;
    }

    private static JsValue FindItem(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments, bool fromEnd, bool index)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var callback = new Callback(arguments.Callback(0), arguments.At(1));
        for (double n = 0; n < length; n++)
        {
            var i = fromEnd ? length - 1 - n : n;
            var item = GetAt(o, i);
            realm.Step();
            if (callback.Test(item, i, o))
                return index ? i : item;
        }

        return index ? -1 : default(JsValue);
    }

    private static JsValue ForEach(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var callback = new Callback(arguments.Callback(0), arguments.At(1));
        for (double i = 0; i < length; i++)
        {
            var item = ElementAt(o, i);
            if (item.IsAbsent)
                realm.Step();
            else
                callback.Call(item, i, o);
        }

        return default;
    }

    private static JsValue Reduce(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments, bool fromEnd)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var callback = new Callback(arguments.Callback(0), default);
        double n = 0;
        JsValue result = default;
        var have = arguments.Length > 1;
        if (have)
            result = arguments[1];
        for (; n < length; n++)
        {
            var i = fromEnd ? length - 1 - n : n;
            var item = ElementAt(o, i);
            if (item.IsAbsent)
            {
                realm.Step();
                continue;
            }

            if (have)
            {
                result = callback.Call(result, item, i, o);
            }
            else
            {
                result = item;
                have = true;
            }
        }

        return have ? result : throw Errors.Type("Reduce of empty array with no initial value");
    }

    private static JsValue Includes(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        if (length == 0)
            return false;
        for (var i = Operators.RelativeIndex(arguments.At(1), length, 0); i < length; i++)
        {
            realm.Step();
            if (Operators.SameValueZero(GetAt(o, i), arguments.At(0)))
                return true;
        }

        return false;
    }

    private static JsValue IndexOf(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        if (length == 0)
            return -1;
        for (var i = Operators.RelativeIndex(arguments.At(1), length, 0); i < length; i++)
        {
            realm.Step();
            if (HasAt(o, i) && Operators.StrictEquals(GetAt(o, i), arguments.At(0)))
                return i;
        }

        return -1;
    }

    private static JsValue LastIndexOf(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        if (length == 0)
            return -1;
        var from = arguments.Length > 1 ? Operators.ToInteger(arguments[1]) : length - 1;
        for (var i = from < 0 ? length + from : Math.Min(from, length - 1); i >= 0; i--)
        {
            realm.Step();
            if (HasAt(o, i) && Operators.StrictEquals(GetAt(o, i), arguments.At(0)))
                return i + 0d;
        }

        return -1;
    }

    private static JsValue Join(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var separator = arguments.At(0).IsUndefined ? "," : Operators.ToText(arguments.At(0));
        return JoinWith(realm, o, length, separator, static (_, item) => Operators.ToText(item));
    }

    private static JsValue ToLocaleString(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        return JoinWith(realm, o, ArrayLike.Length(o), ",", static (r, item) => Operators.ToText(
            (Operators.Get(r, item, "toLocaleString").AsFunction() ?? throw Errors.Type("toLocaleString is not a function")).Call(item, [])));
    }

    private static string JoinWith(Realm realm, JsObject o, double length, string separator, Func<Realm, JsValue, string> convert)
    {
        // An array within itself gives nothing at the second meeting.
        if (!realm.Joining.Add(o))
            return "";
        var depth = realm.Depth;
        try
        {
            realm.EnterCall();
            var text = new StringBuilder();
            for (double i = 0; i < length; i++)
            {
                realm.Step();
                if (i > 0)
                    text.Append(separator);
                var item = GetAt(o, i);
                if (!item.IsNullish)
                    text.Append(convert(realm, item));
                if (text.Length > realm.Limits.MaxStringLength)
                    realm.ReserveString(text.Length);
            }

            realm.ReserveString(text.Length);
            return text.ToString();
        }
        finally
        {
            realm.Depth = depth;
            realm.Joining.Remove(o);
        }
    }

    private static JsValue ToReversed(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var items = Copy(realm, self);
        Array.Reverse(items);
        return realm.NewArray(items);
    }

    private static JsValue ToSorted(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var compare = Comparer(arguments);
        var items = Copy(realm, self);
        SortItems(realm, items, compare);
        return realm.NewArray(items);
    }

    private static JsValue ToSpliced(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var start = Operators.RelativeIndex(arguments.At(0), length, 0);
        var remove = arguments.Length == 0 ? 0 : arguments.Length == 1 ? length - start : Math.Clamp(Operators.ToInteger(arguments[1]), 0, length - start);
        var added = arguments.Length > 2 ? arguments[2..] : [];
        if (length + added.Length - remove > 9007199254740991d)
            throw Errors.Type("The array would be too long");
        CheckLength(length + added.Length - remove);
        var made = realm.NewArray();
        for (double i = 0; i < start; i++)
            Copy(realm, o, i, made);
        foreach (var item in added)
            made.Push(item);
        for (var i = start + remove; i < length; i++)
            Copy(realm, o, i, made);
        return made;
    }

    private static void Copy(Realm realm, JsObject from, double index, JsArray to)
    {
        realm.Step();
        to.Push(GetAt(from, index));
    }

    private static JsValue With(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var index = Operators.ToInteger(arguments.At(0));
        index = index < 0 ? length + index : index;
        if (index < 0 || index >= length)
            throw Errors.Range("Invalid index : " + NumberFormatter.ToText(Operators.ToInteger(arguments.At(0))));
        var items = Copy(realm, self);
        items[(int)index] = arguments.At(1);
        return realm.NewArray(items);
    }

    private static JsValue[] Copy(Realm realm, JsValue self)
    {
        var o = Operators.ToObject(self);
        CheckLength(ArrayLike.Length(o));
        realm.Work((long)ArrayLike.Length(o));
        return ArrayLike.ToArray(o);
    }

    private static void CheckLength(double length)
    {
        if (length > uint.MaxValue)
            throw Errors.Range("Invalid array length");
    }
}
