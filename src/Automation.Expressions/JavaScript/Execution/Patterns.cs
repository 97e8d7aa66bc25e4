using Automation.Expressions.JavaScript.Runtime;

namespace Automation.Expressions.JavaScript.Execution;

/// <summary>One target in a pattern, with its default.</summary>
internal sealed record PatternElement(Place Place, Expr? Default)
{
    public JsValue WithDefault(Frame f, JsValue value) => value.IsUndefined && Default is not null ? Default.Evaluate(f) : value;

    public async Step<JsValue> WithDefaultAsync(Frame f, JsValue value) =>
        value.IsUndefined && Default is not null ? await Default.EvaluateAsync(f) : value;
}

internal sealed class ArrayPatternPlace(PatternElement?[] elements, Place? rest, int position, string? text) : Place
{
    public override JsValue Read(Frame f, JsValue target, JsValue key) => throw new InvalidOperationException("A pattern is not read");

    public override void Write(Frame f, JsValue target, JsValue key, JsValue value) => Assign(f, value);

    public override void Assign(Frame f, JsValue value)
    {
        f.Realm.Position = position;
        var iterator = new ValueIterator(f.Realm, value, text);
        try
        {
            foreach (var element in elements)
            {
                if (element is null)
                {
                    iterator.TryNext(out _);
                    continue;
                }

                element.Place.Locate(f, out var target, out var key);
                if (!iterator.TryNext(out var item))
                    item = default;
                Give(element.Place, f, target, key, element.WithDefault(f, item));
            }

            if (rest is not null)
            {
                rest.Locate(f, out var target, out var key);
                Give(rest, f, target, key, Rest(f, iterator));
            }
        }
        catch (JsThrow) when (!iterator.Failed)
        {
            iterator.CloseQuietly();
            throw;
        }

        iterator.Close();
    }

    public override async Step<bool> AssignAsync(Frame f, JsValue value)
    {
        f.Realm.Position = position;
        var iterator = new ValueIterator(f.Realm, value, text);
        foreach (var element in elements)
        {
            if (!iterator.TryNext(out var item))
                item = default;
            if (element is null)
                continue;
            await element.Place.AssignAsync(f, await element.WithDefaultAsync(f, item));
        }

        if (rest is not null)
            await rest.AssignAsync(f, Rest(f, iterator));
        iterator.Close();
        return true;
    }

    private static void Give(Place place, Frame f, JsValue target, JsValue key, JsValue value) => place.Write(f, target, key, value);

    private static JsArray Rest(Frame f, ValueIterator iterator)
    {
        var array = f.Realm.NewArray();
        while (iterator.TryNext(out var item))
            array.Push(item);
        return array;
    }
}

/// <summary>One property of an object pattern; the name is set unless computed.</summary>
internal sealed record PatternProperty(string? Name, Expr? Key, PatternElement Element);

internal sealed class ObjectPatternPlace(PatternProperty[] properties, Place? rest, int position, string? text) : Place
{
    public override JsValue Read(Frame f, JsValue target, JsValue key) => throw new InvalidOperationException("A pattern is not read");

    public override void Write(Frame f, JsValue target, JsValue key, JsValue value) => Assign(f, value);

    public override void Assign(Frame f, JsValue value)
    {
        Require(f, value);
        var taken = rest is null ? null : new HashSet<PropertyKey>();
        foreach (var property in properties)
        {
            var name = property.Name is { } known ? known : Operators.ToPropertyKey(property.Key!.Evaluate(f));
            taken?.Add(name);
            property.Element.Place.Locate(f, out var target, out var key);
            f.Realm.Position = position;
            var item = Operators.Get(f.Realm, value, name);
            property.Element.Place.Write(f, target, key, property.Element.WithDefault(f, item));
        }

        if (rest is null)
            return;
        rest.Locate(f, out var restTarget, out var restKey);
        rest.Write(f, restTarget, restKey, Rest(f, value, taken!));
    }

    public override async Step<bool> AssignAsync(Frame f, JsValue value)
    {
        Require(f, value);
        var taken = rest is null ? null : new HashSet<PropertyKey>();
        foreach (var property in properties)
        {
            var name = property.Name is { } known ? known : Operators.ToPropertyKey(await property.Key!.EvaluateAsync(f));
            taken?.Add(name);
            var item = Operators.Get(f.Realm, value, name);
            await property.Element.Place.AssignAsync(f, await property.Element.WithDefaultAsync(f, item));
        }

        if (rest is not null)
            await rest.AssignAsync(f, Rest(f, value, taken!));
        return true;
    }

    private static JsObject Rest(Frame f, JsValue value, HashSet<PropertyKey> taken)
    {
        var made = f.Realm.NewObject();
        Iteration.CopyProperties(f.Realm, made, value, taken);
        return made;
    }

    private void Require(Frame f, JsValue value)
    {
        if (!value.IsNullish)
            return;
        f.Realm.Position = position;
        throw Errors.Type(properties.Length > 0 && properties[0].Name is { } name
            ? $"Cannot destructure property '{name}' of '{text ?? value.ToString()}' as it is {value}."
            : $"Cannot destructure '{text ?? value.ToString()}' as it is {value}.");
    }
}
