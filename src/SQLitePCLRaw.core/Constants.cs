namespace SQLitePCL;

/// <summary>
/// SQLite's C functions under their own names, as far as <c>Microsoft.Data.Sqlite</c> and this project's own prepared
/// statements use them. Each returns what <see href="https://www.sqlite.org/c3ref/funclist.html">SQLite's manual</see> says;
/// a disposed handle gives <see cref="ObjectDisposedException"/>.
/// </summary>
public static partial class raw
{
    /// <summary>Success.</summary>
    public const int SQLITE_OK = 0;
    /// <summary>An error without a code of its own.</summary>
    public const int SQLITE_ERROR = 1;
    /// <summary>Another connection holds a lock on the file; trying again later may succeed.</summary>
    public const int SQLITE_BUSY = 5;
    /// <summary>Another statement of this connection, or of one that shares its cache, holds a lock on the table.</summary>
    public const int SQLITE_LOCKED = 6;
    /// <summary>Out of memory.</summary>
    public const int SQLITE_NOMEM = 7;
    /// <summary>A write to a read-only database.</summary>
    public const int SQLITE_READONLY = 8;
    /// <summary>Interrupted.</summary>
    public const int SQLITE_INTERRUPT = 9;
    /// <summary>The file system failed.</summary>
    public const int SQLITE_IOERR = 10;
    /// <summary>The file is damaged.</summary>
    public const int SQLITE_CORRUPT = 11;
    /// <summary>The disk is full.</summary>
    public const int SQLITE_FULL = 13;
    /// <summary>The file cannot be opened.</summary>
    public const int SQLITE_CANTOPEN = 14;
    /// <summary>A value is too big.</summary>
    public const int SQLITE_TOOBIG = 18;
    /// <summary>A constraint was violated; the extended code says which kind.</summary>
    public const int SQLITE_CONSTRAINT = 19;
    /// <summary>The library was used wrongly.</summary>
    public const int SQLITE_MISUSE = 21;
    /// <summary>A parameter or column index out of range.</summary>
    public const int SQLITE_RANGE = 25;
    /// <summary>The file is not a database.</summary>
    public const int SQLITE_NOTADB = 26;
    /// <summary>A step produced a row.</summary>
    public const int SQLITE_ROW = 100;
    /// <summary>A step finished.</summary>
    public const int SQLITE_DONE = 101;

    /// <summary>Column type: 64-bit integer.</summary>
    public const int SQLITE_INTEGER = 1;
    /// <summary>Column type: double.</summary>
    public const int SQLITE_FLOAT = 2;
    /// <summary>Column type: text.</summary>
    public const int SQLITE_TEXT = 3;
    /// <summary>Column type: blob.</summary>
    public const int SQLITE_BLOB = 4;
    /// <summary>Column type: NULL.</summary>
    public const int SQLITE_NULL = 5;

    /// <summary>Open flag: read only.</summary>
    public const int SQLITE_OPEN_READONLY = 0x1;
    /// <summary>Open flag: read and write.</summary>
    public const int SQLITE_OPEN_READWRITE = 0x2;
    /// <summary>Open flag: create the file if there is none.</summary>
    public const int SQLITE_OPEN_CREATE = 0x4;
    /// <summary>Open flag: the file name may be a <c>file:</c> URI.</summary>
    public const int SQLITE_OPEN_URI = 0x40;
    /// <summary>Open flag: in memory.</summary>
    public const int SQLITE_OPEN_MEMORY = 0x80;
    /// <summary>Open flag: no mutex; the caller keeps the connection, its finalizers included, to one thread at a time.</summary>
    public const int SQLITE_OPEN_NOMUTEX = 0x8000;
    /// <summary>Open flag: calls from several threads are serialized.</summary>
    public const int SQLITE_OPEN_FULLMUTEX = 0x10000;

    /// <summary>Option of the library: whether it counts the memory that it uses.</summary>
    public const int SQLITE_CONFIG_MEMSTATUS = 9;

    /// <summary>Prepare flag: the statement will be kept and used many times.</summary>
    public const uint SQLITE_PREPARE_PERSISTENT = 1;

    /// <summary>Function flag: same arguments, same result.</summary>
    public const int SQLITE_DETERMINISTIC = 0x800;

    /// <summary>Checkpoint as much as possible without waiting.</summary>
    public const int SQLITE_CHECKPOINT_PASSIVE = 0;
    /// <summary>Wait for writers, then checkpoint everything.</summary>
    public const int SQLITE_CHECKPOINT_FULL = 1;
    /// <summary>As full, and make the next writer start the log from the beginning.</summary>
    public const int SQLITE_CHECKPOINT_RESTART = 2;
    /// <summary>As restart, and cut the log file to zero bytes.</summary>
    public const int SQLITE_CHECKPOINT_TRUNCATE = 3;

    private const int SQLITE_UTF8 = 1;
    // Destructor value that makes SQLite copy the bytes before the call returns.
    private const nint SQLITE_TRANSIENT = -1;
}
