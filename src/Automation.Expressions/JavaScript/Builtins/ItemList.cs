using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>The elements of an array that a built-in is making, within the limits of the evaluation.</summary>
internal struct ItemList(Realm realm, double capacity)
{
    private JsValue[] _items = capacity == 0 ? [] : new JsValue[realm.ArrayCapacity(capacity)];
    private int _count;

    public void Add(JsValue value)
    {
        if (_count == _items.Length)
            Array.Resize(ref _items, realm.ArrayCapacity(_count + 1, _count * 2));
        _items[_count++] = value;
    }

    public readonly JsArray ToArray() => new(realm.ArrayPrototype, _items, _count);
}
