using System.Runtime.InteropServices;
using System.Text;

namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>File name of the SQLite library in use.</summary>
    /// <returns>For example <c>libsqlite3.so.0</c>.</returns>
    public static string GetNativeLibraryName() => SystemLibrary.Name;

    /// <summary>Version of the library as text, for example <c>3.40.1</c>.</summary>
    /// <returns>The version.</returns>
    public static utf8z sqlite3_libversion() => utf8z.FromPointer(NativeMethods.sqlite3_libversion());

    /// <summary>Version of the library as a number: 3.40.1 is 3040001.</summary>
    /// <returns>The version.</returns>
    public static int sqlite3_libversion_number() => NativeMethods.sqlite3_libversion_number();

    /// <summary>Sets an option of the library that takes one number. Only before the process opens its first database.</summary>
    /// <param name="op">The option, an <c>SQLITE_CONFIG_</c> number.</param>
    /// <param name="val">Its value.</param>
    /// <returns><see cref="SQLITE_OK"/>; <see cref="SQLITE_MISUSE"/> where it is too late, and nothing has changed.</returns>
    public static int sqlite3_config(int op, int val) =>
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? NativeMethods.sqlite3_config_apple_arm64(op, 0, 0, 0, 0, 0, 0, 0, val)
            : NativeMethods.sqlite3_config(op, val);

    /// <summary>Number of keywords of SQLite's SQL.</summary>
    /// <returns>The number.</returns>
    public static int sqlite3_keyword_count() => NativeMethods.sqlite3_keyword_count();

    /// <summary>One keyword of SQLite's SQL.</summary>
    /// <param name="i">From 0 to the number of keywords less one.</param>
    /// <param name="name">The keyword in capitals; null if <paramref name="i"/> is out of range.</param>
    /// <returns><see cref="SQLITE_OK"/>, or <see cref="SQLITE_ERROR"/> if <paramref name="i"/> is out of range.</returns>
    public static int sqlite3_keyword_name(int i, out string? name)
    {
        byte* text = null;
        var length = 0;
        var rc = NativeMethods.sqlite3_keyword_name(i, ref text, ref length);
        name = rc == SQLITE_OK ? Encoding.UTF8.GetString(text, length) : null;
        return rc;
    }

    /// <summary>Sets the data or temporary directory of the process on Windows.</summary>
    /// <param name="typ">1: data directory; 2: temporary directory.</param>
    /// <param name="path">The directory; null for the default.</param>
    /// <returns><see cref="SQLITE_OK"/>; <see cref="SQLITE_ERROR"/> on other systems, which have no such setting.</returns>
    public static int sqlite3_win32_set_directory(int typ, string? path) =>
        OperatingSystem.IsWindows() ? NativeMethods.sqlite3_win32_set_directory((uint)typ, path) : SQLITE_ERROR;
}
