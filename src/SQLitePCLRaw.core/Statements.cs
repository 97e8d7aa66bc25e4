using System.Runtime.CompilerServices;

namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>Compiles the first statement of a text.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="sql">The text; what follows the first statement is ignored.</param>
    /// <param name="stmt">The statement; invalid if the text holds none or is wrong.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_prepare_v2(sqlite3 db, string sql, out sqlite3_stmt stmt) =>
        sqlite3_prepare_v3(db, sql, 0, out stmt);

    /// <summary>Compiles the first statement of a text.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="sql">UTF-8; a zero byte ends it.</param>
    /// <param name="stmt">The statement; invalid if the text holds none or is wrong.</param>
    /// <param name="tail">The text after the statement; empty once nothing can follow.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_prepare_v2(sqlite3 db, ReadOnlySpan<byte> sql, out sqlite3_stmt stmt, out ReadOnlySpan<byte> tail) =>
        sqlite3_prepare_v3(db, sql, 0, out stmt, out tail);

    /// <summary>Compiles the first statement of a text.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="sql">The text; what follows the first statement is ignored.</param>
    /// <param name="flags">0 or <see cref="SQLITE_PREPARE_PERSISTENT"/>.</param>
    /// <param name="stmt">The statement; invalid if the text holds none or is wrong.</param>
    /// <returns>A result code.</returns>
    [SkipLocalsInit]
    public static int sqlite3_prepare_v3(sqlite3 db, string sql, uint flags, out sqlite3_stmt stmt)
    {
        ArgumentNullException.ThrowIfNull(sql);
        using var text = new NativeText(sql, stackalloc byte[NativeText.StackSize]);
        fixed (byte* start = text)
            return Prepare(db, start, text.Length + 1, flags, out stmt, out _);
    }

    /// <summary>Compiles the first statement of a text.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="sql">UTF-8; a zero byte ends it.</param>
    /// <param name="flags">0 or <see cref="SQLITE_PREPARE_PERSISTENT"/>.</param>
    /// <param name="stmt">The statement; invalid if the text holds none or is wrong.</param>
    /// <param name="tail">The text after the statement; empty once nothing can follow.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_prepare_v3(
        sqlite3 db, ReadOnlySpan<byte> sql, uint flags, out sqlite3_stmt stmt, out ReadOnlySpan<byte> tail)
    {
        // SQLite takes a null pointer for misuse, not for an empty text.
        var text = sql.IsEmpty ? "\0"u8 : sql;
        fixed (byte* start = text)
        {
            var rc = Prepare(db, start, text.Length, flags, out stmt, out var consumed);
            tail = consumed >= sql.Length ? [] : sql[consumed..];
            // Nothing after a zero byte is ever compiled: a caller that loops until the tail is empty must come to an end.
            if (rc == SQLITE_OK && stmt.IsInvalid && !tail.IsEmpty && tail[0] == 0)
                tail = [];
            return rc;
        }
    }

    /// <summary>Runs a statement to its next row or to its end.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns><see cref="SQLITE_ROW"/>, <see cref="SQLITE_DONE"/> or an error code.</returns>
    public static int sqlite3_step(sqlite3_stmt stmt)
    {
        var rc = NativeMethods.sqlite3_step(stmt);
        stmt.Callbacks.ThrowIfFailed();
        return rc;
    }

    /// <summary>Makes a statement ready to run again. Bound values stay.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns>The error code of the last step, if it failed; else <see cref="SQLITE_OK"/>.</returns>
    public static int sqlite3_reset(sqlite3_stmt stmt)
    {
        var rc = NativeMethods.sqlite3_reset(stmt);
        stmt.Callbacks.ThrowIfFailed();
        return rc;
    }

    /// <summary>Tells whether a statement leaves the database as it is.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns>Non-zero if it only reads.</returns>
    public static int sqlite3_stmt_readonly(sqlite3_stmt stmt)
    {
        var result = NativeMethods.sqlite3_stmt_readonly(stmt.Pointer);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>Tells whether a statement explains another.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns>1 for <c>EXPLAIN</c>, 2 for <c>EXPLAIN QUERY PLAN</c>, else 0.</returns>
    public static int sqlite3_stmt_isexplain(sqlite3_stmt stmt)
    {
        var result = NativeMethods.sqlite3_stmt_isexplain(stmt.Pointer);
        GC.KeepAlive(stmt);
        return result;
    }

    private static int Prepare(sqlite3 db, byte* sql, int length, uint flags, out sqlite3_stmt stmt, out int consumed)
    {
        // Made first: nothing may fail between SQLite's handing over the statement and our keeping it.
        stmt = new sqlite3_stmt(db.Callbacks);
        nint pointer = 0;
        byte* tail = null;
        var rc = NativeMethods.sqlite3_prepare_v3(db, sql, length, flags, ref pointer, ref tail);
        stmt.Initialize(pointer);
        consumed = tail is null ? length : (int)(tail - sql);
        return rc;
    }
}
