using System.Runtime.CompilerServices;

namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>Highest parameter index of a statement.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns>The number of parameters, unless numbered ones leave gaps.</returns>
    public static int sqlite3_bind_parameter_count(sqlite3_stmt stmt)
    {
        var result = NativeMethods.sqlite3_bind_parameter_count(stmt.Pointer);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>Index of a named parameter.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="strName">The name with its prefix (<c>$</c>, <c>@</c>, <c>:</c>).</param>
    /// <returns>The index, from 1; 0 if there is none of that name.</returns>
    public static int sqlite3_bind_parameter_index(sqlite3_stmt stmt, string strName)
    {
        var result = NativeMethods.sqlite3_bind_parameter_index(stmt.Pointer, strName);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>Name of a parameter.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 1.</param>
    /// <returns>The name with its prefix; null for a nameless parameter or an index out of range.</returns>
    public static utf8z sqlite3_bind_parameter_name(sqlite3_stmt stmt, int index)
    {
        var result = utf8z.FromPointer(NativeMethods.sqlite3_bind_parameter_name(stmt.Pointer, index));
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>Binds NULL.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 1.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_bind_null(sqlite3_stmt stmt, int index)
    {
        var rc = NativeMethods.sqlite3_bind_null(stmt.Pointer, index);
        GC.KeepAlive(stmt);
        return rc;
    }

    /// <summary>Binds an integer.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 1.</param>
    /// <param name="val">The value.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_bind_int64(sqlite3_stmt stmt, int index, long val)
    {
        var rc = NativeMethods.sqlite3_bind_int64(stmt.Pointer, index, val);
        GC.KeepAlive(stmt);
        return rc;
    }

    /// <summary>Binds a double. SQLite stores NaN as NULL.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 1.</param>
    /// <param name="val">The value.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_bind_double(sqlite3_stmt stmt, int index, double val)
    {
        var rc = NativeMethods.sqlite3_bind_double(stmt.Pointer, index, val);
        GC.KeepAlive(stmt);
        return rc;
    }

    /// <summary>Binds text. Zero characters in it are kept; lone surrogates become U+FFFD.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 1.</param>
    /// <param name="val">The text; null binds NULL.</param>
    /// <returns>A result code.</returns>
    [SkipLocalsInit]
    public static int sqlite3_bind_text(sqlite3_stmt stmt, int index, string? val)
    {
        if (val is null)
            return sqlite3_bind_null(stmt, index);
        using var text = new NativeText(val, stackalloc byte[NativeText.StackSize]);
        fixed (byte* start = text)
        {
            var rc = NativeMethods.sqlite3_bind_text(stmt.Pointer, index, start, text.Length, SQLITE_TRANSIENT);
            GC.KeepAlive(stmt);
            return rc;
        }
    }

    /// <summary>Binds text that is already UTF-8. It is copied, not checked.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 1.</param>
    /// <param name="val">The text; an empty span binds empty text, never NULL.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_bind_text(sqlite3_stmt stmt, int index, ReadOnlySpan<byte> val)
    {
        fixed (byte* start = NotNull(val))
        {
            var rc = NativeMethods.sqlite3_bind_text(stmt.Pointer, index, start, val.Length, SQLITE_TRANSIENT);
            GC.KeepAlive(stmt);
            return rc;
        }
    }

    /// <summary>Binds a blob. It is copied.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 1.</param>
    /// <param name="blob">The bytes; an empty span binds an empty blob, never NULL.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_bind_blob(sqlite3_stmt stmt, int index, ReadOnlySpan<byte> blob)
    {
        fixed (byte* start = NotNull(blob))
        {
            var rc = NativeMethods.sqlite3_bind_blob(stmt.Pointer, index, start, blob.Length, SQLITE_TRANSIENT);
            GC.KeepAlive(stmt);
            return rc;
        }
    }

    /// <summary>Binds NULL to every parameter.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_clear_bindings(sqlite3_stmt stmt)
    {
        var pointer = stmt.Pointer;
        // Unlike its siblings, the C function does not look at what it is given.
        var rc = pointer == 0 ? SQLITE_MISUSE : NativeMethods.sqlite3_clear_bindings(pointer);
        GC.KeepAlive(stmt);
        return rc;
    }

    // To SQLite a null pointer means NULL whatever the length, and `fixed` makes a null pointer of an empty span.
    private static ReadOnlySpan<byte> NotNull(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? "\0"u8 : bytes;
}
