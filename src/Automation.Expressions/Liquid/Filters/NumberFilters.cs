using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

/// <summary>Arithmetic. Text counts as the number it begins with, anything else as 0.</summary>
internal static class NumberFilters
{
    public static object Abs(RenderContext context, object? input, FilterArguments arguments)
    {
        var number = Numbers.From(context, input);
        return Numbers.Sign(number) < 0 ? Numbers.Negate(context, number) : number;
    }

    public static object Plus(RenderContext context, object? input, FilterArguments arguments) =>
        Numbers.Add(context, Numbers.From(context, input), Numbers.From(context, arguments[0]));

    public static object Minus(RenderContext context, object? input, FilterArguments arguments) =>
        Numbers.Subtract(context, Numbers.From(context, input), Numbers.From(context, arguments[0]));

    public static object Times(RenderContext context, object? input, FilterArguments arguments) =>
        Numbers.Multiply(context, Numbers.From(context, input), Numbers.From(context, arguments[0]));

    public static object DividedBy(RenderContext context, object? input, FilterArguments arguments)
    {
        var divisor = Numbers.From(context, arguments[0]);
        var quotient = Numbers.Divide(context, Numbers.From(context, input), divisor);
        return context.Options.FluidFilters && Numbers.IsInteger(divisor) ? Numbers.Floor(context, quotient) : quotient;
    }

    public static object Modulo(RenderContext context, object? input, FilterArguments arguments) =>
        Numbers.Modulo(context, Numbers.From(context, input), Numbers.From(context, arguments[0]));

    public static object Ceil(RenderContext context, object? input, FilterArguments arguments) =>
        Numbers.Ceiling(context, Numbers.From(context, input));

    public static object Floor(RenderContext context, object? input, FilterArguments arguments) =>
        Numbers.Floor(context, Numbers.From(context, input));

    public static object Round(RenderContext context, object? input, FilterArguments arguments)
    {
        var decimals = Numbers.Floor(context, Numbers.From(context, arguments[0]));
        return Numbers.Round(context, Numbers.From(context, input), decimals is long count ? count : long.MaxValue);
    }

    public static object AtLeast(RenderContext context, object? input, FilterArguments arguments)
    {
        var number = Numbers.From(context, input);
        var least = Numbers.From(context, arguments[0]);
        return Numbers.Compare(number, least) < 0 ? least : number;
    }

    public static object AtMost(RenderContext context, object? input, FilterArguments arguments)
    {
        var number = Numbers.From(context, input);
        var most = Numbers.From(context, arguments[0]);
        return Numbers.Compare(number, most) > 0 ? most : number;
    }
}
