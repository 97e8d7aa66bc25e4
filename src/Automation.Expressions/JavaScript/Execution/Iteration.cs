using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>Steps through an iterable; arrays and strings nobody tampered with directly, anything else by the protocol.</summary>
internal sealed class ValueIterator
{
    private readonly Realm _realm;
    private readonly JsArray? _array;
    private readonly JsValue _iterator;
    private readonly JsFunction? _next;
    private uint _index;
    private bool _done;

    /// <param name="realm">The evaluation.</param>
    /// <param name="value">What to step through.</param>
    /// <param name="said">How the source says it, for the error if it is not iterable.</param>
    public ValueIterator(Realm realm, JsValue value, string? said = null)
    {
        _realm = realm;
        if (value.Reference is JsArray array && realm.HasPristineArrayIteration(array))
        {
            _array = array;
            return;
        }

        var method = value.IsNullish ? default : Operators.Get(realm, value, JsSymbol.Iterator);
        if (method.AsFunction() is not { } function)
            throw Errors.Type($"{said ?? Operators.Describe(value)} is not iterable");
        _iterator = function.Call(value, []);
        if (!_iterator.IsObject)
            throw Errors.Type($"Result of the Symbol.iterator method is not an object");
        _next = _iterator.AsObject()!.Get("next").AsFunction();
    }

    public ValueIterator(Realm realm, JsValue iterator, JsFunction? next)
    {
        _realm = realm;
        _iterator = iterator;
        _next = next;
    }

    /// <summary>The iterator itself threw, so it is not to be closed.</summary>
    public bool Failed { get; private set; }

    public JsValue Iterator => _iterator;

    public JsFunction? NextMethod => _next;

    public bool TryNext(out JsValue value)
    {
        value = default;
        if (_done)
            return false;
        _realm.Step();
        if (_array is not null)
        {
            if (_index < (uint)_array.Length)
            {
                value = _array.GetIndex(_index++);
                return true;
            }

            _done = true;
            return false;
        }

        try
        {
            var result = (_next ?? throw Errors.Type("The iterator's next is not a function")).Call(_iterator, []);
            if (result.AsObject() is not { } o)
                throw Errors.Type($"Iterator result {Operators.Describe(result)} is not an object");
            if (Operators.ToBoolean(o.Get("done")))
            {
                _done = true;
                return false;
            }

            value = o.Get("value");
            return true;
        }
        catch (JsThrow)
        {
            _done = true;
            Failed = true;
            throw;
        }
    }

    /// <summary>Tells the iterator that nothing more is wanted.</summary>
    public void Close()
    {
        if (_done || _array is not null)
            return;
        _done = true;
        if (_iterator.AsObject()!.GetMethod("return") is { } method && !method.Call(_iterator, []).IsObject)
            throw Errors.Type("The iterator's return gave no object");
    }

    /// <summary>Closes because of an error, which counts for more than one that closing itself brings.</summary>
    public void CloseQuietly()
    {
        try
        {
            Close();
        }
        catch (JsThrow)
        {
            // The first error is the one to report.
        }
    }

}

internal static class Iteration
{
    public static void AddAll(Realm realm, JsValue value, List<JsValue> into, string? said = null)
    {
        var iterator = new ValueIterator(realm, value, said);
        while (iterator.TryNext(out var item))
        {
            into.Add(item);
            if (into.Count > realm.Limits.MaxArrayLength)
                throw realm.LimitPassed($"An array is longer than the limit of {realm.Limits.MaxArrayLength} elements (MaxArrayLength)");
        }
    }

    public static void AddAll(Realm realm, JsValue value, JsArray into, string? said = null)
    {
        var iterator = new ValueIterator(realm, value, said);
        while (iterator.TryNext(out var item))
            into.Push(item);
    }

    /// <summary>Calls back for each item, and closes the iterator if the callback throws.</summary>
    public static void ForEach(Realm realm, JsValue value, Action<JsValue> body)
    {
        var iterator = new ValueIterator(realm, value);
        while (iterator.TryNext(out var item))
        {
            try
            {
                body(item);
            }
            catch (JsThrow)
            {
                iterator.CloseQuietly();
                throw;
            }
        }
    }

    /// <summary>Copies own enumerable properties, as spread and rest do.</summary>
    public static void CopyProperties(Realm realm, JsObject target, JsValue source, HashSet<PropertyKey>? excluded)
    {
        if (source.IsNullish)
            return;
        var from = Operators.ToObject(source);
        foreach (var key in from.OwnKeys())
        {
            realm.Step();
            if (excluded?.Contains(key) == true || !from.TryGetOwn(key, out var property) || !property.Enumerable)
                continue;
            target.CreateOrThrow(key, from.Get(key));
        }
    }

    /// <summary>The names <c>for-in</c> goes through: enumerable, inherited ones too, each once.</summary>
    public static List<string> EnumerableNames(JsValue value)
    {
        var names = new List<string>();
        if (value.IsNullish)
            return names;
        var seen = new HashSet<string>();
        for (var o = Operators.ToObject(value); o is not null; o = o.Prototype)
        {
            foreach (var key in o.OwnKeys())
            {
                if (key.Value is string name && o.TryGetOwn(key, out var property) && seen.Add(name) && property.Enumerable)
                    names.Add(name);
            }
        }

        return names;
    }
}
