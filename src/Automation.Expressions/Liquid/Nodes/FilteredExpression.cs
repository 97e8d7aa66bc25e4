using Automation.Expressions.Liquid.Filters;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary>One <c>| name: arguments</c>. <paramref name="filter"/> is null for a name that does not exist.</summary>
internal sealed class FilterCall(
    string name, int offset, Filter? filter, Expression[] arguments, KeyValuePair<string, Expression>[] named)
{
    public object? Apply(RenderContext context, object? input)
    {
        context.Offset = offset;
        context.Step();
        if (filter is null)
            return context.Options.StrictFilters ? throw context.Error($"There is no filter '{name}'.") : input;

        var values = arguments.Length == 0 ? [] : new object?[arguments.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = arguments[i].Evaluate(context);
        var options = named.Length == 0 ? [] : new KeyValuePair<string, object?>[named.Length];
        for (var i = 0; i < options.Length; i++)
            options[i] = new(named[i].Key, named[i].Value.Evaluate(context));

        context.Offset = offset;
        // Any filter may go through all of its text once, whatever comes of it.
        CountText(context, input);
        foreach (var value in values)
            CountText(context, value);
        return filter(context, input, new FilterArguments(values, options));
    }

    private static void CountText(RenderContext context, object? value)
    {
        if (value is string text)
            context.WorkOn(text.Length);
    }
}

/// <summary>A value sent through filters, left to right.</summary>
internal sealed class FilteredExpression(Expression value, FilterCall[] calls) : Expression
{
    public override object? Evaluate(RenderContext context)
    {
        var result = value.Evaluate(context);
        foreach (var call in calls)
            result = call.Apply(context, result);
        return result;
    }
}
