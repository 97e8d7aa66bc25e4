namespace SQLitePCL;

public static unsafe partial class raw
{
    // Apple's build leaves them out.
    private static readonly bool ExtensionsSupported = SystemLibrary.Exports("sqlite3_load_extension");

    /// <summary>Allows or forbids loading extensions. A new connection forbids it, whatever the library's default.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="enable">1: allow; 0: forbid.</param>
    /// <returns>A result code; <see cref="SQLITE_ERROR"/> where the system's SQLite is built without extensions (macOS).</returns>
    public static int sqlite3_enable_load_extension(sqlite3 db, int enable)
    {
        if (ExtensionsSupported)
            return NativeMethods.sqlite3_enable_load_extension(db, enable);
        return enable == 0 ? SQLITE_OK : SQLITE_ERROR;
    }

    /// <summary>Loads an extension.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="zFile">The library.</param>
    /// <param name="zProc">Its entry point; null for the default.</param>
    /// <param name="pzErrMsg">Why it failed; null on success.</param>
    /// <returns><see cref="SQLITE_OK"/> or <see cref="SQLITE_ERROR"/>.</returns>
    public static int sqlite3_load_extension(sqlite3 db, utf8z zFile, utf8z zProc, out utf8z pzErrMsg)
    {
        if (!ExtensionsSupported)
        {
            pzErrMsg = utf8z.FromString($"The system's SQLite ({SystemLibrary.Name}) is built without loadable extensions.");
            return SQLITE_ERROR;
        }

        byte* message = null;
        int rc;
        fixed (byte* file = zFile)
        fixed (byte* entryPoint = zProc)
            rc = NativeMethods.sqlite3_load_extension(db, file, entryPoint, ref message);
        pzErrMsg = utf8z.Copy(message);
        NativeMethods.sqlite3_free(message);
        return rc;
    }
}
