using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Hosting;

/// <summary>A <see cref="HostObject"/> as scripts see it.</summary>
internal sealed class HostObjectView : JsObject
{
    private readonly Realm _realm;
    private readonly HostObject _host;
    private readonly Dictionary<string, (JsValue Value, bool Written)> _seen = [];

    public HostObjectView(Realm realm, HostObject host)
        : base(realm.ObjectPrototype)
    {
        _realm = realm;
        _host = host;
        realm.Track(this);
    }

    public HostObject Host => _host;

    protected override bool UsesStoredPropertiesOnly => false;

    protected override bool NotesChanges => true;

    public override bool TryGetOwn(PropertyKey key, out Property property)
    {
        if (key.Value is not string name)
            return base.TryGetOwn(key, out property);
        if (!_seen.TryGetValue(name, out var seen))
        {
            if (!HostCalls.TryGet(_host, name, out var raw))
            {
                property = default;
                return false;
            }

            seen = (HostValues.FromHost(_realm, raw), false);
            _seen[name] = seen;
        }

        property = new Property(seen.Value, PropertyFlags.All);
        return true;
    }

    public override bool DefineOwn(PropertyKey key, in PropertyDescriptor descriptor)
    {
        if (key.Value is not string name)
            return base.DefineOwn(key, descriptor);
        if (descriptor.IsAccessor || descriptor.Value is not { } value || !HostCalls.TrySet(_host, name, HostValues.ToHost(_realm, value)))
            return false;
        _seen[name] = (value, true);
        return true;
    }

    public override bool Delete(PropertyKey key)
    {
        if (key.Value is not string name)
            return base.Delete(key);
        if (!HostCalls.TryDelete(_host, name))
            return false;
        _seen.Remove(name);
        return true;
    }

    public override void OwnKeys(List<PropertyKey> keys)
    {
        foreach (var name in _host.Keys)
            keys.Add(name);
        base.OwnKeys(keys);
    }

    /// <summary>Gives the host what was changed inside the values it gave or got.</summary>
    public void Flush()
    {
        foreach (var (name, (value, written)) in _seen)
        {
            if (value.AsObject() is not { } o || o is JsFunction or HostObjectView)
                continue;
            if (o is IHostView view ? !view.IsUntouched : written)
                HostCalls.TrySet(_host, name, HostValues.ToHost(_realm, value));
        }
    }
}

/// <summary>Calls into the host: what it throws becomes an error the script can catch.</summary>
internal static class HostCalls
{
    public static bool TryGet(HostObject host, string name, out object? value)
    {
        object? found = null;
        var done = Guard(() => host.TryGet(name, out found));
        value = found;
        return done;
    }

    public static bool TrySet(HostObject host, string name, object? value) => Guard(() => host.TrySet(name, value));

    public static bool TryDelete(HostObject host, string name) => Guard(() => host.TryDelete(name));

    public static T Guard<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception e) when (e is not (ExpressionException or JsThrow or OperationCanceledException))
        {
            throw new JsThrow(Realm.Current.MakeError(ErrorKind.Error, e.Message));
        }
    }
}
