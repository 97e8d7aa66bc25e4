using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

internal static class ValueFilters
{
    public static object? Default(RenderContext context, object? input, FilterArguments arguments)
    {
        var replacement = arguments.Count > 0 ? arguments[0] : "";
        if (input is null || (input is false && !Equality.IsTrue(arguments.Get("allow_false"))))
            return replacement;
        return input is Emptiness || (input is not (NumberRange or LiquidObject or byte[]) && Members.Size(input) == 0) ? replacement : input;
    }
}
