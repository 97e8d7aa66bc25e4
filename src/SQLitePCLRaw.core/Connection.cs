using System.Runtime.InteropServices;

namespace SQLitePCL;

public static unsafe partial class raw
{
    /// <summary>Opens or creates a database for reading and writing.</summary>
    /// <param name="filename">The file, or <c>:memory:</c>.</param>
    /// <param name="db">The connection; on failure, too, for its error message.</param>
    /// <returns>A result code.</returns>
    /// <exception cref="NotSupportedException">The system's SQLite is older than 3.35.</exception>
    /// <exception cref="DllNotFoundException">The system has no SQLite.</exception>
    public static int sqlite3_open(string filename, out sqlite3 db) =>
        sqlite3_open_v2(filename, out db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs: null);

    /// <summary>Opens a database. Calls are serialized unless <see cref="SQLITE_OPEN_NOMUTEX"/> is given.</summary>
    /// <param name="filename">The file, <c>:memory:</c>, or a URI if the flags allow it.</param>
    /// <param name="db">The connection; on failure, too, for its error message.</param>
    /// <param name="flags">A sum of the open flags.</param>
    /// <param name="vfs">Name of the file system layer; null for the default.</param>
    /// <returns>A result code.</returns>
    /// <exception cref="NotSupportedException">The system's SQLite is older than 3.35.</exception>
    /// <exception cref="DllNotFoundException">The system has no SQLite.</exception>
    public static int sqlite3_open_v2(string filename, out sqlite3 db, int flags, string? vfs) =>
        Open(filename, out db, flags, vfs, sqlite3_libversion_number());

    internal static int Open(string filename, out sqlite3 db, int flags, string? vfs, int libraryVersion)
    {
        ArgumentNullException.ThrowIfNull(filename);
        SystemLibrary.RequireSupported(libraryVersion);

        // Forgotten statements are finalized by the finalizer's thread, so a library that is not serialized by default
        // (macOS) is told to be.
        if ((flags & SQLITE_OPEN_NOMUTEX) == 0)
            flags |= SQLITE_OPEN_FULLMUTEX;

        // Made first: nothing may fail between SQLite's handing over the connection and our keeping it.
        db = new sqlite3();
        nint pointer = 0;
        var rc = NativeMethods.sqlite3_open_v2(filename, ref pointer, flags, vfs);
        db.Initialize(pointer);
        // Some builds, Debian's among them, allow extensions from the start.
        if (rc == SQLITE_OK)
            _ = sqlite3_enable_load_extension(db, 0);
        return rc;
    }

    /// <summary>Runs statements whose rows nobody wants.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="sql">Any number of statements.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_exec(sqlite3 db, string sql)
    {
        ArgumentNullException.ThrowIfNull(sql);
        var rc = NativeMethods.sqlite3_exec(db, sql, 0, 0, 0);
        db.Callbacks.ThrowIfFailed();
        return rc;
    }

    /// <summary>Path of an attached database's file.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="att">Its name there, for example <c>main</c>.</param>
    /// <returns>The full path; empty for a database in memory; null for an unknown name.</returns>
    public static utf8z sqlite3_db_filename(sqlite3 db, string? att) =>
        utf8z.FromPointer(NativeMethods.sqlite3_db_filename(db, att));

    /// <summary>Switches an on-off option of the connection.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="op">The option, an <c>SQLITE_DBCONFIG_</c> number.</param>
    /// <param name="val">1: on; 0: off; negative: leave.</param>
    /// <param name="result">The setting after the call; 0 for an unknown option.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_db_config(sqlite3 db, int op, int val, out int result)
    {
        result = 0;
        return OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
            ? NativeMethods.sqlite3_db_config_apple_arm64(db, op, 0, 0, 0, 0, 0, 0, val, ref result)
            : NativeMethods.sqlite3_db_config(db, op, val, ref result);
    }

    /// <summary>Stops what runs on the connection: it ends with <c>SQLITE_INTERRUPT</c>. From any thread; without effect where nothing runs.</summary>
    /// <param name="db">The connection.</param>
    public static void sqlite3_interrupt(sqlite3 db) => NativeMethods.sqlite3_interrupt(db);

    /// <summary>Rows that the last finished insert, update or delete changed.</summary>
    /// <param name="db">The connection.</param>
    /// <returns>The number of rows.</returns>
    public static int sqlite3_changes(sqlite3 db) => NativeMethods.sqlite3_changes(db);

    /// <summary>Row id of the last insert on this connection.</summary>
    /// <param name="db">The connection.</param>
    /// <returns>The row id; 0 if there was none.</returns>
    public static long sqlite3_last_insert_rowid(sqlite3 db) => NativeMethods.sqlite3_last_insert_rowid(db);

    /// <summary>Tells whether a transaction is open.</summary>
    /// <param name="db">The connection.</param>
    /// <returns>0 inside a transaction, else 1.</returns>
    public static int sqlite3_get_autocommit(sqlite3 db) => NativeMethods.sqlite3_get_autocommit(db);

    /// <summary>Copies the write-ahead log into the database.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="dbName">Name of the attached database; null for all.</param>
    /// <param name="eMode">One of the checkpoint modes.</param>
    /// <param name="logSize">Frames in the log; -1 if it has none.</param>
    /// <param name="framesCheckPointed">Frames copied, earlier checkpoints included; -1 if there is no log.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_wal_checkpoint_v2(sqlite3 db, string? dbName, int eMode, out int logSize, out int framesCheckPointed)
    {
        logSize = framesCheckPointed = -1;
        return NativeMethods.sqlite3_wal_checkpoint_v2(db, dbName, eMode, ref logSize, ref framesCheckPointed);
    }

    /// <summary>Describes a column of a table.</summary>
    /// <param name="db">The connection.</param>
    /// <param name="dbName">Name of the attached database; null for any.</param>
    /// <param name="tblName">The table.</param>
    /// <param name="colName">The column; null only asks whether the table is there.</param>
    /// <param name="dataType">Declared type; null if it has none.</param>
    /// <param name="collSeq">Name of the default collation.</param>
    /// <param name="notNull">1 if the column refuses NULL.</param>
    /// <param name="primaryKey">1 if it is part of the primary key.</param>
    /// <param name="autoInc">1 if it is <c>AUTOINCREMENT</c>.</param>
    /// <returns>A result code.</returns>
    public static int sqlite3_table_column_metadata(
        sqlite3 db, string? dbName, string tblName, string? colName,
        out string? dataType, out string? collSeq, out int notNull, out int primaryKey, out int autoInc)
    {
        ArgumentNullException.ThrowIfNull(tblName);
        notNull = primaryKey = autoInc = 0;
        byte* type = null;
        byte* collation = null;
        var rc = NativeMethods.sqlite3_table_column_metadata(
            db, dbName, tblName, colName, ref type, ref collation, ref notNull, ref primaryKey, ref autoInc);
        dataType = utf8z.FromPointer(type).utf8_to_string();
        collSeq = utf8z.FromPointer(collation).utf8_to_string();
        return rc;
    }
}
