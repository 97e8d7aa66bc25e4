using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Filters;

internal static class DateFilters
{
    /// <summary>Formats a date; what is no date passes through, as does everything where the format is empty.</summary>
    public static object? Date(RenderContext context, object? input, FilterArguments arguments)
    {
        var format = TextOf.Value(context, arguments[0]);
        return format.Length > 0 && DateReader.TryRead(context, input, out var date)
            ? Strftime.Format(context, date, format)
            : input;
    }

    /// <summary>The same instant in another zone, named as in the IANA list, or <c>local</c> for the compiler's zone.</summary>
    public static object? TimeZone(RenderContext context, object? input, FilterArguments arguments)
    {
        if (!DateReader.TryRead(context, input, out var date))
            return input;

        var name = TextOf.Value(context, arguments[0]);
        if (name.Length == 0 || name == "local")
            return TimeZoneInfo.ConvertTime(date, context.Zone);
        return IsZoneName(name) && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
            ? TimeZoneInfo.ConvertTime(date, zone)
            : throw context.Error($"There is no time zone '{(name.Length > 60 ? name[..60] : name)}'.");
    }

    // Zones are files to the framework: nothing that could be a path elsewhere gets there.
    private static bool IsZoneName(string name) =>
        char.IsAsciiLetter(name[0]) && name.Length <= 60 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '_' or '+' or '-' or ' ');
}
