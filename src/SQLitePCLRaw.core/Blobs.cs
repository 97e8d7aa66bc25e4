namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>Opens one blob or text value for reading and writing in place. Its length cannot change.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="db_utf8">Name of the attached database, for example <c>main</c>.</param>
    /// <param name="table_utf8">The table.</param>
    /// <param name="col_utf8">The column.</param>
    /// <param name="rowid">The row.</param>
    /// <param name="flags">0: read only; else read and write.</param>
    /// <param name="blob">The open blob; invalid on failure.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_blob_open(
        sqlite3 db, string db_utf8, string table_utf8, string col_utf8, long rowid, int flags, out sqlite3_blob blob)
    {
        blob = new sqlite3_blob();
        nint pointer = 0;
        var rc = NativeMethods.sqlite3_blob_open(db, db_utf8, table_utf8, col_utf8, rowid, flags, ref pointer);
        blob.Initialize(pointer);
        return rc;
    }

    /// <summary>Length of a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <returns>Bytes.</returns>
    public static int sqlite3_blob_bytes(sqlite3_blob blob) => NativeMethods.sqlite3_blob_bytes(blob);

    /// <summary>Fills a buffer from a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="b">The buffer; all of it must lie inside the blob.</param>
    /// <param name="offset">Where to start in the blob, in bytes.</param>
    /// <returns>A result code; <see cref="SQLITE_ERROR"/> beyond the end.</returns>
    public static int sqlite3_blob_read(sqlite3_blob blob, Span<byte> b, int offset)
    {
        fixed (byte* buffer = b)
            return NativeMethods.sqlite3_blob_read(blob, buffer, b.Length, offset);
    }

    /// <summary>Writes bytes into a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="b">The bytes; all of them must fit inside the blob.</param>
    /// <param name="offset">Where to start in the blob, in bytes.</param>
    /// <returns>A result code; <see cref="SQLITE_ERROR"/> beyond the end, <see cref="SQLITE_READONLY"/> if opened to read.</returns>
    public static int sqlite3_blob_write(sqlite3_blob blob, ReadOnlySpan<byte> b, int offset)
    {
        fixed (byte* buffer = b)
            return NativeMethods.sqlite3_blob_write(blob, buffer, b.Length, offset);
    }
}
