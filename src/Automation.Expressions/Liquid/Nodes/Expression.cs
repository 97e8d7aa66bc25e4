using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary>Something that has a value while rendering.</summary>
internal abstract class Expression
{
    public abstract object? Evaluate(RenderContext context);
}

internal sealed class Literal(object? value) : Expression
{
    public object? Value { get; } = value;

    public override object? Evaluate(RenderContext context) => Value;
}

internal sealed class RangeExpression(Expression first, Expression last) : Expression
{
    public override object Evaluate(RenderContext context)
    {
        var from = Bound(context, first);
        var to = Bound(context, last);
        context.Allocate(40);
        return new NumberRange(from, to);
    }

    private static long Bound(RenderContext context, Expression bound) =>
        Numbers.Floor(context, Numbers.From(context, bound.Evaluate(context))) is long number
            ? number
            : throw context.Error("The bounds of a range must fit 64 bits.");
}

/// <summary>A root name, resolved to its slot when the template was compiled.</summary>
internal sealed class Variable(string name, int slot) : Expression
{
    public override object? Evaluate(RenderContext context) => context.Get(name, slot);
}

/// <summary>A root name that is computed: <c>[name]</c>.</summary>
internal sealed class NamedVariable(Expression name) : Expression
{
    public override object? Evaluate(RenderContext context)
    {
        var text = TextOf.Value(context, name.Evaluate(context));
        context.WorkOn(text.Length);
        return context.Get(text);
    }
}

/// <summary>One step into a value: <c>.name</c> or <c>[index]</c>.</summary>
internal readonly record struct Access(string? Name, Expression? Index);

/// <summary><c>root.name[index]</c>; a flat path, so that a long one needs no deep stack.</summary>
internal sealed class PathExpression(Expression root, Access[] path) : Expression
{
    public override object? Evaluate(RenderContext context)
    {
        var value = root.Evaluate(context);
        foreach (var (name, index) in path)
        {
            context.Step();
            if (name is not null)
            {
                if (!Members.TryName(context, value, name, out value))
                    value = context.Undefined(name);
                continue;
            }

            var key = index!.Evaluate(context);
            if (!Members.TryIndex(context, value, key, out value))
                value = context.Options.StrictVariables ? context.Undefined($"[{TextOf.Value(context, key)}]") : null;
        }

        // A string of a JSON document is made anew by each read.
        if (value is string text)
            context.WorkOn(text.Length);
        return value;
    }
}
