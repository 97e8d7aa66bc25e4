using System.Collections;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Automation.Dashboard.Settings;

/// <summary>A setting as it is in force.</summary>
/// <param name="Section">Its section, such as <c>Automation:Jobs</c>.</param>
/// <param name="Name">Its name there.</param>
/// <param name="Value">Its value; secrets are masked.</param>
/// <param name="From">Where the value comes from.</param>
/// <param name="IsDefault">Whether nobody has set it.</param>
public sealed record Setting(string Section, string Name, string Value, string From, bool IsDefault);

/// <summary>The settings that there are.</summary>
/// <param name="sections">Section path and the type bound to it.</param>
public sealed class SettingsCatalog(IReadOnlyDictionary<string, Type> sections)
{
    private static readonly string[] SecretWords = ["key", "secret", "token", "password"];

    /// <summary>Every setting with its value and where that comes from.</summary>
    public IReadOnlyList<Setting> Read(IConfiguration configuration)
    {
        var all = new List<Setting>();
        foreach (var (path, type) in sections.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            var defaults = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
                all.Add(Of(configuration, path, property, property.GetValue(defaults)));
        }

        return all;
    }

    private static Setting Of(IConfiguration configuration, string path, PropertyInfo property, object? otherwise)
    {
        var section = configuration.GetSection($"{path}:{property.Name}");
        var children = section.GetChildren().Select(c => c.Key).ToList();
        if (section.Value is null && children.Count == 0)
            return new Setting(path, property.Name, Masked(property, Text(otherwise)), "default", IsDefault: true);
        var key = section.Value is null ? FirstValue(section) : section.Path;
        var value = section.Value is { } text ? text : property.PropertyType.IsAssignableTo(typeof(IDictionary)) ? string.Join(", ", children) : Count(children.Count);
        return new Setting(path, property.Name, section.Value is null ? value : Masked(property, value), From(configuration, key), IsDefault: false);
    }

    private static string FirstValue(IConfigurationSection section) =>
        section.Value is not null ? section.Path : section.GetChildren().FirstOrDefault() is { } child ? FirstValue(child) : section.Path;

    private static string From(IConfiguration configuration, string key)
    {
        var provider = (configuration as IConfigurationRoot)?.Providers.LastOrDefault(p => p.TryGet(key, out _))?.ToString() ?? "configuration";
        return provider switch
        {
            _ when provider.StartsWith("Environment", StringComparison.Ordinal) => "environment: " + key.Replace(":", "__", StringComparison.Ordinal),
            _ when provider.StartsWith("CommandLine", StringComparison.Ordinal) => "command line",
            _ when provider.StartsWith("Json", StringComparison.Ordinal) && provider.IndexOf('\'', StringComparison.Ordinal) is > 0 and var i => provider[(i + 1)..].Split('\'')[0],
            _ => provider,
        };
    }

    private static string Masked(PropertyInfo property, string value) =>
        value.Length > 0 && property.PropertyType == typeof(string) && Array.Exists(SecretWords, w => property.Name.Contains(w, StringComparison.OrdinalIgnoreCase)) ? "••••••" : value;

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        ICollection many => Count(many.Count),
        bool flag => flag ? "true" : "false",
        _ => "",
    };

    private static string Count(int count) => count == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{count} set");
}
