using Automation.Expressions.JavaScript.Hosting;
using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Builtins;

/// <summary>The globals: what the script assigned, else what the host's scope has, else the built-ins.</summary>
internal sealed class GlobalObject : JsObject
{
    private static readonly BuiltinTemplate Members = GlobalBuiltins.Members;

    private readonly Realm _realm;

    /// <summary>What was deleted must not come back from the host.</summary>
    private HashSet<PropertyKey>? _deleted;

    public GlobalObject(Realm realm)
        : base(prototype: null)
    {
        _realm = realm;
        IsLazy = true;
        Prototype = realm.ObjectPrototype;
    }

    protected override bool TryMaterialize(PropertyKey key)
    {
        if (_deleted?.Contains(key) == true)
            return false;
        if (key.Value is string name && _realm.Scope is { } scope && scope.TryResolve(name, out var value))
        {
            AddNew(key, HostValues.FromHost(_realm, value), PropertyFlags.All);
            return true;
        }

        if (!Members.TryMake(_realm, key, out var property))
            return false;
        AddNew(key, property.Value, property.Flags);
        return true;
    }

    protected override void MaterializeAll()
    {
        foreach (var key in Members.Keys)
        {
            if (!HasStored(key))
                TryMaterialize(key);
        }

        // The host's names cannot be enumerated, so they are still looked for one by one.
    }

    public override bool Delete(PropertyKey key)
    {
        var deleted = base.Delete(key);
        if (deleted)
            (_deleted ??= []).Add(key);
        return deleted;
    }

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        _deleted?.Remove(key);
        return base.DefineOwn(key, descriptor);
    }
}
