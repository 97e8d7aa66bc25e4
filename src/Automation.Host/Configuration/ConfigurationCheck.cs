using System.Collections;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Automation.Host.Configuration;

/// <summary>
/// Reads every key under <c>Automation</c> against the options it is bound to, before anything starts: a misspelt key
/// or a value out of range would otherwise be silently ignored, or be found when it is too late.
/// </summary>
internal static class ConfigurationCheck
{
    /// <summary>Checks the section against the options that are bound to its parts.</summary>
    /// <param name="configuration">The whole configuration.</param>
    /// <param name="sections">Section path (<c>Automation:Jobs</c>) and the type bound to it.</param>
    /// <returns>Every problem, in the order of the keys; each names key, value and what is allowed.</returns>
    public static IReadOnlyList<string> Check(IConfiguration configuration, IReadOnlyDictionary<string, Type> sections)
    {
        var problems = new List<string>();
        Object(configuration.GetSection("Automation"), sections["Automation"], sections, problems);
        return problems;
    }

    private static void Object(IConfigurationSection section, Type type, IReadOnlyDictionary<string, Type> sections, List<string> problems)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).ToList();
        var parts = sections.Keys.Where(k => k.StartsWith(section.Path + ":", StringComparison.OrdinalIgnoreCase))
            .Select(k => k[(section.Path.Length + 1)..].Split(':')[0]).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var child in section.GetChildren())
        {
            var property = properties.Find(p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            var part = sections.FirstOrDefault(s => s.Key.Equals(child.Path, StringComparison.OrdinalIgnoreCase)).Value;
            if (part is not null)
                Object(child, part, sections, problems);
            else if (property is null && sections.Keys.Any(k => k.StartsWith(child.Path + ":", StringComparison.OrdinalIgnoreCase)))
                Object(child, typeof(Group), sections, problems);
            else if (property is null)
                problems.Add($"{child.Path} is not a setting. {Suggest(child.Key, [.. properties.Select(p => p.Name), .. parts])}");
            else
                Value(child, property.PropertyType, property, sections, problems);
        }
    }

    private static void Value(IConfigurationSection section, Type type, PropertyInfo? property, IReadOnlyDictionary<string, Type> sections, List<string> problems)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type))
        {
            var element = type.IsArray ? type.GetElementType()! : type.GetGenericArguments().LastOrDefault() ?? typeof(string);
            foreach (var child in section.GetChildren())
                Value(child, element, property: null, sections, problems);
            return;
        }

        if (IsScalar(type))
        {
            Scalar(section, type, property, problems);
            return;
        }

        Object(section, type, sections, problems);
    }

    private static void Scalar(IConfigurationSection section, Type type, PropertyInfo? property, List<string> problems)
    {
        if (section.GetChildren().Any())
        {
            problems.Add($"{section.Path} takes one value, not a group of keys.");
            return;
        }

        var text = section.Value ?? "";
        object? value;
        try
        {
            value = text.Length == 0 && type != typeof(string) ? null : TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            problems.Add($"{section.Path} is \"{Shown(section, text)}\"; allowed is {Expected(type, property)}.");
            return;
        }

        foreach (var rule in property?.GetCustomAttributes<ValidationAttribute>() ?? [])
        {
            if (rule.GetValidationResult(value, new ValidationContext(new object()) { MemberName = property!.Name }) != ValidationResult.Success)
                problems.Add($"{section.Path} is \"{Shown(section, text)}\"; allowed is {Expected(type, property)}.");
        }
    }

    private static bool IsScalar(Type type) => TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string));

    private static string Expected(Type type, PropertyInfo? property)
    {
        if (property?.GetCustomAttribute<RangeAttribute>() is { } range)
            return string.Create(CultureInfo.InvariantCulture, $"{range.Minimum} to {range.Maximum}");
        if (property?.GetCustomAttribute<MinLengthAttribute>() is { } length)
            return string.Create(CultureInfo.InvariantCulture, $"a text of at least {length.Length} characters");
        if (property?.GetCustomAttribute<RegularExpressionAttribute>() is { } pattern)
            return $"a text like {pattern.Pattern}";
        if (property?.GetCustomAttribute<RequiredAttribute>() is not null && type == typeof(string))
            return "a text that is not empty";
        if (type.IsEnum)
            return "one of " + string.Join(", ", Enum.GetNames(type));
        return type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "a duration such as 00:00:30"
            : type == typeof(int) || type == typeof(long) ? "a whole number"
            : $"a {type.Name}";
    }

    // A key that was set in the wrong place must not end up in a log.
    private static string Shown(IConfigurationSection section, string text) =>
        section.Key.Contains("key", StringComparison.OrdinalIgnoreCase) || section.Key.Contains("secret", StringComparison.OrdinalIgnoreCase)
            ? "…" : text;

    private static string Suggest(string key, IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
            return "There is nothing to set here.";
        var near = names.MinBy(n => Distance(n.ToUpperInvariant(), key.ToUpperInvariant()))!;
        return Distance(near.ToUpperInvariant(), key.ToUpperInvariant()) <= 3
            ? $"Did you mean {near}?"
            : $"Known here: {string.Join(", ", names.Order(StringComparer.Ordinal))}.";
    }

    /// <summary>How many letters must be changed, added or removed (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }

    /// <summary>A section that only holds sections, such as <c>Automation:Steps</c>.</summary>
    private sealed class Group;
}
