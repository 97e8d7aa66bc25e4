using System.Reflection;
using System.Text;

namespace Automation.Jobs.Typed;

/// <summary>
/// Type names as Hangfire writes them with simple assembly names, and back. Reading looks only in the assemblies that
/// were registered for jobs and in the framework's, so that a row in the database cannot load anything.
/// </summary>
internal static class TypeNames
{
    private static readonly Assembly CoreLibrary = typeof(object).Assembly;

    public static string Write(Type type)
    {
        var text = new StringBuilder();
        Append(text, type);
        return text.ToString();
    }

    /// <summary>Finds a type; null where it is in none of the assemblies.</summary>
    public static Type? Find(string name, IReadOnlyList<Assembly> assemblies)
    {
        try
        {
            return Type.GetType(
                name,
                assembly => FindAssembly(assembly, assemblies),
                (assembly, type, _) => assembly is not null
                    ? assembly.GetType(type) ?? FrameworkType(type)
                    : CoreLibrary.GetType(type) ?? assemblies.Select(a => a.GetType(type)).FirstOrDefault(t => t is not null),
                throwOnError: false);
        }
        catch (Exception e) when (e is ArgumentException or IOException or BadImageFormatException or TypeLoadException)
        {
            return null;
        }
    }

    private static Assembly? FindAssembly(AssemblyName name, IReadOnlyList<Assembly> assemblies)
    {
        if (name.Name is "mscorlib" or "System.Private.CoreLib" or "System.Runtime" or "netstandard" or "System.Console")
            return CoreLibrary;
        return assemblies.FirstOrDefault(a => a.GetName().Name == name.Name)
            ?? (name.Name?.StartsWith("System.", StringComparison.Ordinal) == true
                ? AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(a => a.GetName().Name == name.Name)
                : null);
    }

    // Types of the framework have moved between its assemblies over the years.
    private static Type? FrameworkType(string name) =>
        name.StartsWith("System.", StringComparison.Ordinal)
            ? AppDomain.CurrentDomain.GetAssemblies()
                .Where(a => a.GetName().Name?.StartsWith("System", StringComparison.Ordinal) == true)
                .Select(a => a.GetType(name)).FirstOrDefault(t => t is { IsPublic: true })
            : null;

    private static void Append(StringBuilder text, Type type)
    {
        AppendName(text, type);
        if (type.IsPrimitive || type == typeof(string) || type == typeof(object))
            return;
        var assembly = ElementOf(type).Assembly;
        text.Append(", ").Append(assembly == CoreLibrary ? "mscorlib" : assembly.GetName().Name);
    }

    private static Type ElementOf(Type type) => type.HasElementType ? ElementOf(type.GetElementType()!) : type;

    private static void AppendName(StringBuilder text, Type type)
    {
        if (type.IsArray)
        {
            AppendName(text, type.GetElementType()!);
            text.Append('[').Append(',', type.GetArrayRank() - 1).Append(']');
            return;
        }

        if (!type.IsGenericType || type.IsGenericTypeDefinition)
        {
            text.Append(type.FullName);
            return;
        }

        text.Append(type.GetGenericTypeDefinition().FullName).Append('[');
        var arguments = type.GetGenericArguments();
        for (var i = 0; i < arguments.Length; i++)
        {
            text.Append(i == 0 ? "[" : ",[");
            Append(text, arguments[i]);
            text.Append(']');
        }

        text.Append(']');
    }
}
