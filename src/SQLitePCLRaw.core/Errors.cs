namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>Code of the last failed call.</summary>
    /// <param name="db">The connection.</param>
    /// <returns>The primary result code.</returns>
    public static int sqlite3_errcode(sqlite3 db) => NativeMethods.sqlite3_errcode(db);

    /// <summary>Extended code of the last failed call.</summary>
    /// <param name="db">The connection.</param>
    /// <returns>The extended result code; its low 8 bits are the primary one.</returns>
    public static int sqlite3_extended_errcode(sqlite3 db) => NativeMethods.sqlite3_extended_errcode(db);

    /// <summary>Message of the last failed call.</summary>
    /// <param name="db">The connection.</param>
    /// <returns>The message, valid until the next call on the connection.</returns>
    public static utf8z sqlite3_errmsg(sqlite3 db) => utf8z.FromPointer(NativeMethods.sqlite3_errmsg(db));

    /// <summary>What a result code means.</summary>
    /// <param name="rc">The result code.</param>
    /// <returns>The meaning in English.</returns>
    public static utf8z sqlite3_errstr(int rc) => utf8z.FromPointer(NativeMethods.sqlite3_errstr(rc));
}
