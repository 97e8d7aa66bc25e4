namespace SQLitePCL;

// Columns count from 0. What is returned as utf8z or span points into the statement's memory: it is valid until the next
// step, reset or dispose of the statement, or until the same column is read as another type.
public static unsafe partial class raw
{
    /// <summary>Number of columns of a statement's result.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns>The number; 0 if it returns no rows.</returns>
    public static int sqlite3_column_count(sqlite3_stmt stmt)
    {
        var result = NativeMethods.sqlite3_column_count(stmt.Pointer);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>Number of columns of the current row.</summary>
    /// <param name="stmt">The statement.</param>
    /// <returns>The number; 0 if there is no current row.</returns>
    public static int sqlite3_data_count(sqlite3_stmt stmt)
    {
        var result = NativeMethods.sqlite3_data_count(stmt.Pointer);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>Type of a value, such as <see cref="SQLITE_INTEGER"/>.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The type; undefined once the value has been read as another type.</returns>
    public static int sqlite3_column_type(sqlite3_stmt stmt, int index)
    {
        var result = NativeMethods.sqlite3_column_type(stmt.Pointer, index);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>A value as an integer.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The value; 0 for NULL.</returns>
    public static long sqlite3_column_int64(sqlite3_stmt stmt, int index)
    {
        var result = NativeMethods.sqlite3_column_int64(stmt.Pointer, index);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>A value as a double.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The value; 0 for NULL.</returns>
    public static double sqlite3_column_double(sqlite3_stmt stmt, int index)
    {
        var result = NativeMethods.sqlite3_column_double(stmt.Pointer, index);
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>A value as text, zero characters included, without a copy.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The text, valid until the statement moves on; null for NULL.</returns>
    public static utf8z sqlite3_column_text(sqlite3_stmt stmt, int index)
    {
        var statement = stmt.Pointer;
        // In this order: the text call may convert, and the length is that of the converted value.
        var text = NativeMethods.sqlite3_column_text(statement, index);
        var result = utf8z.FromPointer(text, NativeMethods.sqlite3_column_bytes(statement, index));
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>A value as a blob, without a copy.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The bytes, valid until the statement moves on; empty for NULL, which only the type tells from an empty blob.</returns>
    public static ReadOnlySpan<byte> sqlite3_column_blob(sqlite3_stmt stmt, int index)
    {
        var statement = stmt.Pointer;
        var blob = NativeMethods.sqlite3_column_blob(statement, index);
        var result = blob is null
            ? default
            : new ReadOnlySpan<byte>(blob, NativeMethods.sqlite3_column_bytes(statement, index));
        GC.KeepAlive(stmt);
        return result;
    }

    /// <summary>Name of a result column.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The name; null if the index is out of range.</returns>
    public static utf8z sqlite3_column_name(sqlite3_stmt stmt, int index) =>
        ColumnText(stmt, index, &NativeMethods.sqlite3_column_name);

    /// <summary>Declared type of the table column behind a result column.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The type as written in <c>CREATE TABLE</c>; null for an expression.</returns>
    public static utf8z sqlite3_column_decltype(sqlite3_stmt stmt, int index) =>
        ColumnText(stmt, index, &NativeMethods.sqlite3_column_decltype);

    /// <summary>Name of the attached database behind a result column.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The name; null for an expression.</returns>
    public static utf8z sqlite3_column_database_name(sqlite3_stmt stmt, int index) =>
        ColumnText(stmt, index, &NativeMethods.sqlite3_column_database_name);

    /// <summary>Name of the table behind a result column.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The name; null for an expression.</returns>
    public static utf8z sqlite3_column_table_name(sqlite3_stmt stmt, int index) =>
        ColumnText(stmt, index, &NativeMethods.sqlite3_column_table_name);

    /// <summary>Name of the table column behind a result column.</summary>
    /// <param name="stmt">The statement.</param>
    /// <param name="index">From 0.</param>
    /// <returns>The name; null for an expression.</returns>
    public static utf8z sqlite3_column_origin_name(sqlite3_stmt stmt, int index) =>
        ColumnText(stmt, index, &NativeMethods.sqlite3_column_origin_name);

    private static utf8z ColumnText(sqlite3_stmt stmt, int index, delegate*<nint, int, byte*> function)
    {
        var statement = stmt.Pointer;
        // Unlike those for values, the C functions for names do not look at what they are given.
        var result = statement == 0 ? default : utf8z.FromPointer(function(statement, index));
        GC.KeepAlive(stmt);
        return result;
    }
}
