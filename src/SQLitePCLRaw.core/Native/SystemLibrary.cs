using System.Reflection;
using System.Runtime.InteropServices;

namespace SQLitePCL;

/// <summary>Finds the operating system's SQLite and refuses one that is too old.</summary>
internal static class SystemLibrary
{
    /// <summary>The name that every import carries; the resolver maps it to the file of this operating system.</summary>
    internal const string ImportName = "sqlite3";

    // 3.35 brought RETURNING, which EF Core's SQLite provider relies on.
    private const int MinimumVersion = 3_035_000;

    private static readonly string[] Candidates =
        OperatingSystem.IsWindows() ? ["winsqlite3.dll"]
        : OperatingSystem.IsMacOS() ? ["libsqlite3.dylib", "/usr/lib/libsqlite3.dylib"]
        : ["libsqlite3.so.0", "libsqlite3.so"];

    private static volatile string _loadedName = Candidates[0];

    /// <summary>File name of the library in use (before the first call: of the one that will be tried first).</summary>
    internal static string Name => _loadedName;

    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(SystemLibrary).Assembly, Resolve);

    /// <summary>Throws unless a version, in SQLite's own form (3.40.1 is 3040001), is new enough.</summary>
    /// <exception cref="NotSupportedException">It is not; the message names it and says what to do.</exception>
    internal static void RequireSupported(int version)
    {
        if (version >= MinimumVersion)
            return;
        throw new NotSupportedException(
            $"The system's SQLite ({Name}) is version {Spell(version)}; {Spell(MinimumVersion)} or newer is needed. {Advice}");
    }

    /// <summary>Tells whether the library has a function that some builds leave out.</summary>
    internal static bool Exports(string function) =>
        NativeLibrary.TryGetExport(Resolve(ImportName, typeof(SystemLibrary).Assembly, searchPath: null), function, out _);

    /// <summary>Loads the first candidate that exists.</summary>
    /// <exception cref="DllNotFoundException">None exists; the message names them and says what to install.</exception>
    internal static nint Load(string[] candidates, Assembly assembly, DllImportSearchPath? searchPath, out string loaded)
    {
        foreach (var candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, searchPath, out var handle))
            {
                loaded = candidate;
                return handle;
            }
        }

        throw new DllNotFoundException(
            $"The system's SQLite was not found (looked for {string.Join(", ", candidates)}). " + Advice);
    }

    private static string Advice =>
        OperatingSystem.IsWindows() || OperatingSystem.IsMacOS()
            ? "It is part of the operating system: update the operating system."
            : "Install or update it with the system's package manager (Debian and Ubuntu: apt install libsqlite3-0).";

    private static string Spell(int version) => $"{version / 1_000_000}.{version / 1000 % 1000}.{version % 1000}";

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (!string.Equals(name, ImportName, StringComparison.Ordinal))
            return 0;
        var handle = Load(Candidates, assembly, searchPath, out var loaded);
        _loadedName = loaded;
        return handle;
    }
}
