using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace SQLitePCL;

// Imports take a SafeHandle where a call is rare or may block (the handle is then held for its duration) and a bare
// pointer on the per-value calls (bind, column, value, result), which belong to one thread at a time.
// Results come through `ref`, not `out`: SQLite leaves some unwritten on failure, so they are set before the call.
// None is marked SuppressGCTransition: nearly every SQLite call may wait for the connection's mutex.
internal static unsafe partial class NativeMethods
{
    private const string Library = SystemLibrary.ImportName;

    static NativeMethods() => SystemLibrary.Register();

    // Library
    [LibraryImport(Library)] internal static partial byte* sqlite3_libversion();
    [LibraryImport(Library)] internal static partial int sqlite3_libversion_number();
    [LibraryImport(Library)] internal static partial int sqlite3_config(int option, int value);
    // Variadic; see sqlite3_db_config_apple_arm64.
    [LibraryImport(Library, EntryPoint = "sqlite3_config")]
    internal static partial int sqlite3_config_apple_arm64(int option, nint x1, nint x2, nint x3, nint x4, nint x5, nint x6, nint x7, nint value);
    [LibraryImport(Library)] internal static partial void sqlite3_free(void* memory);
    [LibraryImport(Library)] internal static partial long sqlite3_memory_used();
    [LibraryImport(Library)] internal static partial int sqlite3_keyword_count();
    [LibraryImport(Library)] internal static partial int sqlite3_keyword_name(int index, ref byte* name, ref int length);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf16)]
    internal static partial int sqlite3_win32_set_directory(uint type, string? path);

    // Connections
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_open_v2(string filename, ref nint db, int flags, string? vfs);
    [LibraryImport(Library)] internal static partial int sqlite3_close_v2(nint db);
    [LibraryImport(Library)] internal static partial void sqlite3_interrupt(nint db);
    [LibraryImport(Library)] internal static partial void sqlite3_interrupt(sqlite3 db);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial byte* sqlite3_db_filename(sqlite3 db, string? name);
    [LibraryImport(Library)] internal static partial int sqlite3_db_config(sqlite3 db, int option, int value, ref int result);
    // The C function is variadic. Apple's ARM64 convention passes variadic arguments on the stack, in slots of 8 bytes:
    // six unused arguments fill the registers.
    [LibraryImport(Library, EntryPoint = "sqlite3_db_config")]
    internal static partial int sqlite3_db_config_apple_arm64(
        sqlite3 db, int option, nint x2, nint x3, nint x4, nint x5, nint x6, nint x7, nint value, ref int result);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_exec(sqlite3 db, string sql, nint callback, nint argument, nint message);
    [LibraryImport(Library)] internal static partial int sqlite3_changes(sqlite3 db);
    [LibraryImport(Library)] internal static partial long sqlite3_last_insert_rowid(sqlite3 db);
    [LibraryImport(Library)] internal static partial int sqlite3_get_autocommit(sqlite3 db);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_wal_checkpoint_v2(sqlite3 db, string? name, int mode, ref int logFrames, ref int checkpointed);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_table_column_metadata(
        sqlite3 db, string? database, string table, string? column,
        ref byte* type, ref byte* collation, ref int notNull, ref int primaryKey, ref int autoIncrement);

    // Errors
    [LibraryImport(Library)] internal static partial int sqlite3_errcode(sqlite3 db);
    [LibraryImport(Library)] internal static partial int sqlite3_extended_errcode(sqlite3 db);
    [LibraryImport(Library)] internal static partial byte* sqlite3_errmsg(sqlite3 db);
    [LibraryImport(Library)] internal static partial byte* sqlite3_errstr(int code);

    // Extensions
    [LibraryImport(Library)] internal static partial int sqlite3_enable_load_extension(sqlite3 db, int enable);
    [LibraryImport(Library)]
    internal static partial int sqlite3_load_extension(sqlite3 db, byte* file, byte* entryPoint, ref byte* message);

    // Statements
    [LibraryImport(Library)]
    internal static partial int sqlite3_prepare_v3(sqlite3 db, byte* sql, int length, uint flags, ref nint statement, ref byte* tail);
    [LibraryImport(Library)] internal static partial int sqlite3_finalize(nint statement);
    [LibraryImport(Library)] internal static partial int sqlite3_step(sqlite3_stmt statement);
    [LibraryImport(Library)] internal static partial int sqlite3_reset(sqlite3_stmt statement);
    [LibraryImport(Library)] internal static partial int sqlite3_clear_bindings(nint statement);
    [LibraryImport(Library)] internal static partial int sqlite3_stmt_readonly(nint statement);
    [LibraryImport(Library)] internal static partial int sqlite3_stmt_isexplain(nint statement);

    // Parameters
    [LibraryImport(Library)] internal static partial int sqlite3_bind_parameter_count(nint statement);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_bind_parameter_index(nint statement, string name);
    [LibraryImport(Library)] internal static partial byte* sqlite3_bind_parameter_name(nint statement, int index);
    [LibraryImport(Library)] internal static partial int sqlite3_bind_null(nint statement, int index);
    [LibraryImport(Library)] internal static partial int sqlite3_bind_int64(nint statement, int index, long value);
    [LibraryImport(Library)] internal static partial int sqlite3_bind_double(nint statement, int index, double value);
    [LibraryImport(Library)] internal static partial int sqlite3_bind_text(nint statement, int index, byte* text, int length, nint destructor);
    [LibraryImport(Library)] internal static partial int sqlite3_bind_blob(nint statement, int index, byte* blob, int length, nint destructor);

    // Columns
    [LibraryImport(Library)] internal static partial int sqlite3_column_count(nint statement);
    [LibraryImport(Library)] internal static partial int sqlite3_data_count(nint statement);
    [LibraryImport(Library)] internal static partial int sqlite3_column_type(nint statement, int column);
    [LibraryImport(Library)] internal static partial long sqlite3_column_int64(nint statement, int column);
    [LibraryImport(Library)] internal static partial double sqlite3_column_double(nint statement, int column);
    [LibraryImport(Library)] internal static partial byte* sqlite3_column_text(nint statement, int column);
    [LibraryImport(Library)] internal static partial byte* sqlite3_column_blob(nint statement, int column);
    [LibraryImport(Library)] internal static partial int sqlite3_column_bytes(nint statement, int column);
    [LibraryImport(Library)] internal static partial byte* sqlite3_column_name(nint statement, int column);
    [LibraryImport(Library)] internal static partial byte* sqlite3_column_decltype(nint statement, int column);
    [LibraryImport(Library)] internal static partial byte* sqlite3_column_database_name(nint statement, int column);
    [LibraryImport(Library)] internal static partial byte* sqlite3_column_table_name(nint statement, int column);
    [LibraryImport(Library)] internal static partial byte* sqlite3_column_origin_name(nint statement, int column);

    // Functions, collations, hooks
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_create_function_v2(
        sqlite3 db, string name, int argumentCount, int flags, nint userData,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> scalar,
        delegate* unmanaged[Cdecl]<nint, int, nint*, void> step,
        delegate* unmanaged[Cdecl]<nint, void> final,
        delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(Library)] internal static partial nint sqlite3_user_data(nint context);
    [LibraryImport(Library)] internal static partial nint* sqlite3_aggregate_context(nint context, int size);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_create_collation_v2(
        sqlite3 db, string name, int encoding, nint userData,
        delegate* unmanaged[Cdecl]<nint, int, byte*, int, byte*, int> compare,
        delegate* unmanaged[Cdecl]<nint, void> destroy);
    [LibraryImport(Library)]
    internal static partial nint sqlite3_rollback_hook(sqlite3 db, delegate* unmanaged[Cdecl]<nint, void> callback, nint userData);
    [LibraryImport(Library, EntryPoint = "sqlite3_rollback_hook")]
    internal static partial nint sqlite3_rollback_hook_raw(nint db, nint callback, nint userData);
    [LibraryImport(Library)] internal static partial int sqlite3_value_type(nint value);
    [LibraryImport(Library)] internal static partial long sqlite3_value_int64(nint value);
    [LibraryImport(Library)] internal static partial double sqlite3_value_double(nint value);
    [LibraryImport(Library)] internal static partial byte* sqlite3_value_text(nint value);
    [LibraryImport(Library)] internal static partial byte* sqlite3_value_blob(nint value);
    [LibraryImport(Library)] internal static partial int sqlite3_value_bytes(nint value);
    [LibraryImport(Library)] internal static partial void sqlite3_result_null(nint context);
    [LibraryImport(Library)] internal static partial void sqlite3_result_int64(nint context, long value);
    [LibraryImport(Library)] internal static partial void sqlite3_result_double(nint context, double value);
    [LibraryImport(Library)] internal static partial void sqlite3_result_text(nint context, byte* text, int length, nint destructor);
    [LibraryImport(Library)] internal static partial void sqlite3_result_blob(nint context, byte* blob, int length, nint destructor);
    [LibraryImport(Library)] internal static partial void sqlite3_result_error(nint context, byte* message, int length);
    [LibraryImport(Library)] internal static partial void sqlite3_result_error_code(nint context, int code);
    [LibraryImport(Library)] internal static partial void sqlite3_result_error_nomem(nint context);

    // Blobs
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int sqlite3_blob_open(
        sqlite3 db, string database, string table, string column, long rowid, int flags, ref nint blob);
    [LibraryImport(Library)] internal static partial int sqlite3_blob_close(nint blob);
    [LibraryImport(Library)] internal static partial int sqlite3_blob_bytes(sqlite3_blob blob);
    [LibraryImport(Library)] internal static partial int sqlite3_blob_read(sqlite3_blob blob, byte* buffer, int length, int offset);
    [LibraryImport(Library)] internal static partial int sqlite3_blob_write(sqlite3_blob blob, byte* buffer, int length, int offset);

    // Backup
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint sqlite3_backup_init(sqlite3 destination, string destinationName, sqlite3 source, string sourceName);
    [LibraryImport(Library)] internal static partial int sqlite3_backup_step(sqlite3_backup backup, int pages);
    [LibraryImport(Library)] internal static partial int sqlite3_backup_finish(nint backup);
}
