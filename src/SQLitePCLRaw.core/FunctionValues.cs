using System.Runtime.CompilerServices;

namespace SQLitePCL;

// Arguments and results of user functions.
public static unsafe partial class raw
{
    /// <summary>Type of an argument, such as <see cref="SQLITE_INTEGER"/>.</summary>
    /// <param name="val">The argument.</param>
    /// <returns>The type.</returns>
    public static int sqlite3_value_type(sqlite3_value val) => NativeMethods.sqlite3_value_type(val.Pointer);

    /// <summary>An argument as an integer.</summary>
    /// <param name="val">The argument.</param>
    /// <returns>The value; 0 for NULL.</returns>
    public static long sqlite3_value_int64(sqlite3_value val) => NativeMethods.sqlite3_value_int64(val.Pointer);

    /// <summary>An argument as a double.</summary>
    /// <param name="val">The argument.</param>
    /// <returns>The value; 0 for NULL.</returns>
    public static double sqlite3_value_double(sqlite3_value val) => NativeMethods.sqlite3_value_double(val.Pointer);

    /// <summary>An argument as text, zero characters included, without a copy.</summary>
    /// <param name="val">The argument.</param>
    /// <returns>The text, valid during the call; null for NULL.</returns>
    public static utf8z sqlite3_value_text(sqlite3_value val)
    {
        // In this order: the text call may convert, and the length is that of the converted value.
        var text = NativeMethods.sqlite3_value_text(val.Pointer);
        return utf8z.FromPointer(text, NativeMethods.sqlite3_value_bytes(val.Pointer));
    }

    /// <summary>An argument as a blob, without a copy.</summary>
    /// <param name="val">The argument.</param>
    /// <returns>The bytes, valid during the call; empty for NULL.</returns>
    public static ReadOnlySpan<byte> sqlite3_value_blob(sqlite3_value val)
    {
        var blob = NativeMethods.sqlite3_value_blob(val.Pointer);
        return blob is null ? default : new ReadOnlySpan<byte>(blob, NativeMethods.sqlite3_value_bytes(val.Pointer));
    }

    /// <summary>Returns NULL.</summary>
    /// <param name="ctx">The call.</param>
    public static void sqlite3_result_null(sqlite3_context ctx) => NativeMethods.sqlite3_result_null(ctx.Pointer);

    /// <summary>Returns an integer.</summary>
    /// <param name="ctx">The call.</param>
    /// <param name="val">The value.</param>
    public static void sqlite3_result_int64(sqlite3_context ctx, long val) =>
        NativeMethods.sqlite3_result_int64(ctx.Pointer, val);

    /// <summary>Returns a double. SQLite turns NaN into NULL.</summary>
    /// <param name="ctx">The call.</param>
    /// <param name="val">The value.</param>
    public static void sqlite3_result_double(sqlite3_context ctx, double val) =>
        NativeMethods.sqlite3_result_double(ctx.Pointer, val);

    /// <summary>Returns text.</summary>
    /// <param name="ctx">The call.</param>
    /// <param name="val">The text; null returns NULL.</param>
    [SkipLocalsInit]
    public static void sqlite3_result_text(sqlite3_context ctx, string? val)
    {
        if (val is null)
        {
            sqlite3_result_null(ctx);
            return;
        }

        using var text = new NativeText(val, stackalloc byte[NativeText.StackSize]);
        fixed (byte* start = text)
            NativeMethods.sqlite3_result_text(ctx.Pointer, start, text.Length, SQLITE_TRANSIENT);
    }

    /// <summary>Returns a blob.</summary>
    /// <param name="ctx">The call.</param>
    /// <param name="val">The bytes, copied; an empty span returns an empty blob, never NULL.</param>
    public static void sqlite3_result_blob(sqlite3_context ctx, ReadOnlySpan<byte> val)
    {
        fixed (byte* start = NotNull(val))
            NativeMethods.sqlite3_result_blob(ctx.Pointer, start, val.Length, SQLITE_TRANSIENT);
    }

    /// <summary>Fails the statement with a message.</summary>
    /// <param name="ctx">The call.</param>
    /// <param name="val">The message.</param>
    public static void sqlite3_result_error(sqlite3_context ctx, string val) => ResultError(ctx.Pointer, val);

    /// <summary>Fails the statement with a result code. After <see cref="sqlite3_result_error"/> the message stays.</summary>
    /// <param name="ctx">The call.</param>
    /// <param name="code">The result code.</param>
    public static void sqlite3_result_error_code(sqlite3_context ctx, int code) =>
        NativeMethods.sqlite3_result_error_code(ctx.Pointer, code);

    [SkipLocalsInit]
    private static void ResultError(nint context, string message)
    {
        using var text = new NativeText(message, stackalloc byte[NativeText.StackSize]);
        fixed (byte* start = text)
            NativeMethods.sqlite3_result_error(context, start, text.Length);
    }
}
