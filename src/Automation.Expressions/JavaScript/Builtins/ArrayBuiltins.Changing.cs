using Automation.Expressions.JavaScript.Execution;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <content>Methods that change the array.</content>
internal static partial class ArrayBuiltins
{
    private static JsValue Push(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        if (o is JsArray array && array.IsPlain)
        {
            foreach (var item in arguments)
                array.Push(item);
            return array.Length;
        }

        var length = ArrayLike.Length(o);
        if (length + arguments.Length > 9007199254740991d)
            throw Errors.Type("Pushing would make the array too long");
        foreach (var item in arguments)
            SetAt(o, length++, item);
        SetLength(o, length);
        return length;
    }

    private static JsValue Pop(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        if (length == 0)
        {
            SetLength(o, 0);
            return default;
        }

        var item = GetAt(o, length - 1);
        o.DeleteOrThrow(Key(length - 1));
        SetLength(o, length - 1);
        return item;
    }

    private static JsValue Shift(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        if (length == 0)
        {
            SetLength(o, 0);
            return default;
        }

        var first = GetAt(o, 0);
        if (o is JsArray array && array.IsPlain)
        {
            realm.Work(array.Length >> 6);
            array.RemoveRange(0, 1);
            return first;
        }

        Move(realm, o, 1, 0, length - 1);
        o.DeleteOrThrow(Key(length - 1));
        SetLength(o, length - 1);
        return first;
    }

    private static JsValue Unshift(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        if (arguments.Length > 0)
        {
            if (length + arguments.Length > 9007199254740991d)
                throw Errors.Type("The array would be too long");
            if (o is JsArray array && array.IsPlain)
            {
                realm.Work(array.Length >> 6);
                array.InsertGap(0, arguments.Length);
                arguments.CopyTo(array.Span);
                return array.Length;
            }

            Move(realm, o, 0, arguments.Length, length);
            for (var i = 0; i < arguments.Length; i++)
                SetAt(o, i, arguments[i]);
        }

        SetLength(o, length + arguments.Length);
        return length + arguments.Length;
    }

    /// <summary>Moves elements, holes included, in the order that overwrites nothing.</summary>
    private static void Move(Realm realm, JsObject o, double from, double to, double count)
    {
        var backwards = from < to;
        for (double n = 0; n < count; n++)
        {
            realm.Step();
            var i = backwards ? count - 1 - n : n;
            if (HasAt(o, from + i))
                SetAt(o, to + i, GetAt(o, from + i));
            else
                o.DeleteOrThrow(Key(to + i));
        }
    }

    private static JsValue Splice(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var start = Operators.RelativeIndex(arguments.At(0), length, 0);
        var remove = arguments.Length == 0 ? 0 : arguments.Length == 1 ? length - start : Math.Clamp(Operators.ToInteger(arguments[1]), 0, length - start);
        var added = arguments.Length > 2 ? arguments[2..] : [];
        if (length + added.Length - remove > 9007199254740991d)
            throw Errors.Type("The array would be too long");
        var removed = SpeciesCreate(realm, o, remove);
        for (double i = 0; i < remove; i++)
        {
            realm.Step();
            if (HasAt(o, start + i))
                Put(removed, i, GetAt(o, start + i));
        }

        SetLength(removed, remove);
        if (o is JsArray array && array.IsPlain && array.Length == length)
        {
            realm.Work(array.Length >> 6);
            if (added.Length < remove)
                array.RemoveRange((int)start, (int)remove - added.Length);
            else if (added.Length > remove)
                array.InsertGap((int)start, added.Length - (int)remove);
            added.CopyTo(array.Span[(int)start..]);
            return removed;
        }

        SpliceSlowly(realm, o, length, start, remove, added);
        return removed;
    }

    private static void SpliceSlowly(Realm realm, JsObject o, double length, double start, double remove, ReadOnlySpan<JsValue> added)
    {
        if (added.Length != remove)
        {
            Move(realm, o, start + remove, start + added.Length, length - start - remove);
            for (var i = length; i > length - remove + added.Length; i--)
            {
                realm.Step();
                o.DeleteOrThrow(Key(i - 1));
            }
        }

        for (var i = 0; i < added.Length; i++)
            SetAt(o, start + i, added[i]);
        SetLength(o, length - remove + added.Length);
    }

    private static JsValue Reverse(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        if (o is JsArray array && array.IsPlain)
        {
            realm.Work(array.Length >> 4);
            array.Span.Reverse();
            return o;
        }

        for (double low = 0; low < Math.Floor(length / 2); low++)
        {
            realm.Step();
            var high = length - 1 - low;
            var hasLow = HasAt(o, low);
            var lowItem = hasLow ? GetAt(o, low) : default;
            var hasHigh = HasAt(o, high);
            var highItem = hasHigh ? GetAt(o, high) : default;
            if (hasHigh)
                SetAt(o, low, highItem);
            else if (hasLow)
                o.DeleteOrThrow(Key(low));
            if (hasLow)
                SetAt(o, high, lowItem);
            else if (hasHigh)
                o.DeleteOrThrow(Key(high));
        }

        return o;
    }

    private static JsValue Fill(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var from = Operators.RelativeIndex(arguments.At(1), length, 0);
        var to = Operators.RelativeIndex(arguments.At(2), length, length);
        for (var i = from; i < to; i++)
        {
            realm.Step();
            SetAt(o, i, arguments.At(0));
        }

        return o;
    }

    private static JsValue CopyWithin(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var to = Operators.RelativeIndex(arguments.At(0), length, 0);
        var from = Operators.RelativeIndex(arguments.At(1), length, 0);
        var end = Operators.RelativeIndex(arguments.At(2), length, length);
        Move(realm, o, from, to, Math.Min(end - from, length - to));
        return o;
    }

    // ---- sorting ----

    private static JsValue Sort(Realm realm, JsValue self, ReadOnlySpan<JsValue> arguments)
    {
        var compare = Comparer(arguments);
        var o = Operators.ToObject(self);
        var length = ArrayLike.Length(o);
        var items = new List<JsValue>();
        for (double i = 0; i < length; i++)
        {
            realm.Step();
            if (HasAt(o, i))
                items.Add(GetAt(o, i));
        }

        var sorted = items.ToArray();
        SortItems(realm, sorted, compare);
        double n = 0;
        foreach (var item in sorted)
            SetAt(o, n++, item);
        for (; n < length; n++)
        {
            realm.Step();
            if (HasAt(o, n))
                o.DeleteOrThrow(Key(n));
        }

        return o;
    }

    private static JsFunction? Comparer(ReadOnlySpan<JsValue> arguments)
    {
        if (arguments.At(0).IsUndefined)
            return null;
        return arguments.At(0).AsFunction() ?? throw Errors.Type("The comparison function must be either a function or undefined");
    }

    /// <summary>A stable merge sort; undefined goes last. The comparison is the script's and may be inconsistent.</summary>
    private static void SortItems(Realm realm, JsValue[] items, JsFunction? compare)
    {
        var defined = 0;
        foreach (var item in items)
        {
            if (!item.IsUndefined)
                items[defined++] = item;
        }

        Array.Clear(items, defined, items.Length - defined);
        if (compare is not null)
        {
            realm.ReserveMemory((long)defined * 16);
            var callback = new Callback(compare, default);
            MergeSort(items.AsSpan(0, defined), new JsValue[defined], (a, b) =>
            {
                var order = Operators.ToNumber(callback.Call(a, b));
                return order > 0 ? 1 : order < 0 ? -1 : 0;
            });
            return;
        }

        var texts = new (string Text, JsValue Value)[defined];
        for (var i = 0; i < defined; i++)
        {
            realm.Step();
            texts[i] = (Operators.ToText(items[i]), items[i]);
        }

        realm.Work((long)defined * 4);
        MergeSort(texts.AsSpan(), new (string Text, JsValue Value)[defined], static (a, b) => string.CompareOrdinal(a.Text, b.Text));
        for (var i = 0; i < defined; i++)
            items[i] = texts[i].Value;
    }

    private static void MergeSort<T>(Span<T> items, Span<T> scratch, Comparison<T> compare)
    {
        if (items.Length < 2)
            return;
        var middle = items.Length / 2;
        MergeSort(items[..middle], scratch[..middle], compare);
        MergeSort(items[middle..], scratch[middle..], compare);
        if (compare(items[middle - 1], items[middle]) <= 0)
            return;
        items.CopyTo(scratch);
        var (left, right) = (0, middle);
        for (var i = 0; i < items.Length; i++)
        {
            var takeLeft = left < middle && (right >= items.Length || compare(scratch[left], scratch[right]) <= 0);
            items[i] = takeLeft ? scratch[left++] : scratch[right++];
        }
    }
}
