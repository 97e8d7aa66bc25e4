using System.Collections.Concurrent;
using System.Reflection;

namespace Automation.Workflows.Activities;

/// <summary>
/// Types whose names begin alike and that one class stands for: it tells them apart by
/// <see cref="Graph.CompiledActivity.Type"/>.
/// </summary>
/// <param name="Prefix">What their names begin with, such as <c>Acme.Event:</c>.</param>
/// <param name="Describe">Describes a name that begins so, from the description of the class, whose inputs and outputs stay; null for a name that means nothing.</param>
/// <param name="Offered">The names that designers are offered now. Definitions may use others.</param>
public sealed record ActivityFamily(string Prefix, Func<string, ActivityDescriptor, ActivityDescriptor?> Describe, Func<IEnumerable<string>> Offered);

/// <summary>The activity types that definitions may use. Filled at start; safe for concurrent reading.</summary>
public sealed class ActivityCatalog
{
    private readonly ConcurrentDictionary<string, ActivityType[]> _types = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (ActivityFamily Family, ActivityType Class)> _families = new(StringComparer.Ordinal);

    /// <summary>A catalog with the built-in activities.</summary>
    public ActivityCatalog() => AddFrom(typeof(ActivityCatalog).Assembly);

    /// <summary>Descriptors of all types, by type name and version.</summary>
    public IReadOnlyList<ActivityDescriptor> Descriptors =>
        [
            .. _types.Values.SelectMany(t => t).Concat(_families.Values.SelectMany(f => f.Family.Offered().Select(FindInFamily).OfType<ActivityType>()))
                .Select(t => t.Descriptor).OrderBy(d => d.TypeName, StringComparer.Ordinal).ThenBy(d => d.Version),
        ];

    /// <summary>Adds a type. Adding the same class twice does nothing.</summary>
    /// <typeparam name="TActivity">A class with <see cref="ActivityAttribute"/>.</typeparam>
    public void Add<TActivity>()
        where TActivity : Activity, new() => Add(typeof(TActivity));

    /// <summary>Adds every class of an assembly that has <see cref="ActivityAttribute"/>.</summary>
    /// <param name="assembly">The assembly.</param>
    public void AddFrom(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        foreach (var type in assembly.GetTypes())
        {
            if (type.IsDefined(typeof(ActivityAttribute), inherit: false))
                Add(type);
        }
    }

    /// <summary>Adds types that share a class.</summary>
    /// <typeparam name="TActivity">A class with <see cref="ActivityAttribute"/>; itself not added.</typeparam>
    /// <param name="family">Their names and descriptions.</param>
    public void AddFamily<TActivity>(ActivityFamily family)
        where TActivity : Activity, new()
    {
        ArgumentNullException.ThrowIfNull(family);
        _families.TryAdd(family.Prefix, (family, ActivityType.FromClass(typeof(TActivity))));
    }

    /// <summary>The descriptor of a type; null if it is not known.</summary>
    /// <param name="typeName">The type name; case counts.</param>
    /// <param name="version">The version; 0 for the newest.</param>
    public ActivityDescriptor? Find(string typeName, int version = 0) => FindType(typeName, version)?.Descriptor;

    /// <summary>Exactly that version, or the newest where none is asked for.</summary>
    internal ActivityType? FindType(string typeName, int version)
    {
        if (!_types.TryGetValue(typeName, out var versions))
            return FindInFamily(typeName) is { } member && (version <= 0 || version == member.Descriptor.Version) ? member : null;
        return version <= 0 ? versions[^1] : Array.Find(versions, t => t.Descriptor.Version == version);
    }

    internal bool IsKnown(string typeName) => _types.ContainsKey(typeName) || FindInFamily(typeName) is not null;

    private ActivityType? FindInFamily(string typeName)
    {
        foreach (var (prefix, (family, type)) in _families)
        {
            if (typeName.StartsWith(prefix, StringComparison.Ordinal) && family.Describe(typeName, type.Descriptor) is { } descriptor)
                return type.As(descriptor with { TypeName = typeName });
        }

        return null;
    }

    private void Add(Type type)
    {
        var added = ActivityType.FromClass(type);
        _types.AddOrUpdate(
            added.Descriptor.TypeName,
            _ => [added],
            (_, old) => old.Any(t => t.Descriptor.Version == added.Descriptor.Version)
                ? old
                : [.. old.Append(added).OrderBy(t => t.Descriptor.Version)]);
    }
}
