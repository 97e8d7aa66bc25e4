namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>A number, boolean, symbol or BigInt as an object.</summary>
internal sealed class JsPrimitiveObject(JsObject? prototype, JsValue value) : JsObject(prototype)
{
    public JsValue Value { get; } = value;

    public override string ClassName => Value.Type switch
    {
        JsType.Number => "Number",
        JsType.Boolean => "Boolean",
        _ => "Object",
    };
}

/// <summary>A string as an object: its characters are elements.</summary>
internal sealed class JsStringObject(JsObject? prototype, string value) : JsObject(prototype)
{
    public string Value { get; } = value;

    public override string ClassName => "String";

    protected override bool UsesStoredPropertiesOnly => false;

    public override bool TryGetOwn(PropertyKey key, out Property property)
    {
        if (key.Is("length"))
        {
            property = new Property(Value.Length, PropertyFlags.None);
            return true;
        }

        if (key.IsIndex(out var index) && index < Value.Length)
        {
            property = new Property(Operators.CharacterText(Value[(int)index]), PropertyFlags.Enumerable);
            return true;
        }

        return base.TryGetOwn(key, out property);
    }

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        if (key.Is("length") || (key.IsIndex(out var index) && index < Value.Length))
        {
            TryGetOwn(key, out var current);
            return PropertyRules.TryMerge(ref current, descriptor);
        }

        return base.DefineOwn(key, descriptor);
    }

    public override bool Delete(PropertyKey key) =>
        !key.Is("length") && !(key.IsIndex(out var index) && index < Value.Length) && base.Delete(key);

    public override void OwnKeys(List<PropertyKey> keys)
    {
        Realm.Current.ArrayCapacity(Value.Length);
        Realm.Current.Work(Value.Length);
        for (var i = 0; i < Value.Length; i++)
            keys.Add(PropertyKey.FromIndex((uint)i));
        var rest = new List<PropertyKey>();
        base.OwnKeys(rest);
        var at = rest.FindIndex(k => !k.IsIndex(out _));
        rest.Insert(at < 0 ? rest.Count : at, "length");
        keys.AddRange(rest);
    }
}
