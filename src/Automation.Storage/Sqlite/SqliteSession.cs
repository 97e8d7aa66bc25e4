using Automation.Storage.Writes;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Automation.Storage.Sqlite;

/// <summary>One connection with its prepared statements; used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    // SQLite's result codes, as its C API documents them.
    public const int Ok = 0, Busy = 5, Full = 13, Constraint = 19, Row = 100, Done = 101;

    private readonly sqlite3 _db;
    private readonly Dictionary<SqlStatement, Prepared> _prepared = [];

    /// <summary>Opens a file.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="pragmas">Settings of this connection, such as <c>synchronous = FULL</c>.</param>
    /// <exception cref="SqliteException">The file cannot be opened.</exception>
    public SqliteSession(string file, params ReadOnlySpan<string> pragmas)
    {
        // The binding's own handles, not Microsoft.Data.Sqlite's connection: see the README of SQLitePCLRaw.core. One thread
        // at a time uses a session, and it finalizes its own statements: no lock is needed at each of the many small calls.
        var code = raw.sqlite3_open_v2(file, out _db, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX, vfs: null);
        try
        {
            if (code != Ok)
                throw new SqliteException($"{file} cannot be opened: {ErrorMessage}", code);
            foreach (var pragma in pragmas)
                ExecuteText("PRAGMA " + pragma);
        }
        catch
        {
            _db.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Prepares SQLite for many small statements; once, before anything opens a file. It counts its memory otherwise, under a
    /// lock that all connections share. Where a file is open already, that stays so.
    /// </summary>
    public static void Tune() => _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);

    /// <summary>True while no transaction is open; an I/O error or a full disk can end one without being asked.</summary>
    public bool InAutocommit => raw.sqlite3_get_autocommit(_db) != 0;

    public string ErrorMessage => raw.sqlite3_errmsg(_db).utf8_to_string() ?? "";

    /// <summary>Runs a statement that has no parameters and whose rows do not matter; not cached.</summary>
    public void ExecuteText(string sql)
    {
        var code = raw.sqlite3_exec(_db, sql);
        if (code != Ok)
            throw new SqliteException($"{sql}: {ErrorMessage}", code);
    }

    /// <summary>Runs a prepared statement to its end.</summary>
    /// <returns>SQLite's primary result code: <see cref="Done"/>, or what went wrong.</returns>
    public int Execute(SqlStatement statement, ReadOnlySpan<SqlValue> values, RowSet? rows, out int changes)
    {
        var prepared = Prepare(statement);
        var handle = prepared.Handle;
        try
        {
            for (var i = 0; i < values.Length; i++)
                Bind(handle, prepared.Indexes[i], values[i]);

            int code;
            while ((code = raw.sqlite3_step(handle)) == Row)
                rows?.Add(ReadRow(handle));
            changes = code == Done ? raw.sqlite3_changes(_db) : 0;
            return code & 0xFF;
        }
        finally
        {
            // Reset repeats the step's error code, which has been read; it also lets go of the read lock.
            raw.sqlite3_reset(handle);
            raw.sqlite3_clear_bindings(handle);
        }
    }

    public void Dispose()
    {
        foreach (var prepared in _prepared.Values)
            prepared.Handle.Dispose();
        _prepared.Clear();
        _db.Dispose();
    }

    private Prepared Prepare(SqlStatement statement)
    {
        if (_prepared.TryGetValue(statement, out var prepared))
            return prepared;

        var code = raw.sqlite3_prepare_v2(_db, statement.For(DatabaseProvider.Sqlite), out var handle);
        if (code != Ok)
            throw new StorageException($"SQLite cannot prepare \"{statement}\": {ErrorMessage}");

        // "$2" is a name to SQLite, numbered by first appearance; the number it got is looked up once.
        var indexes = new int[raw.sqlite3_bind_parameter_count(handle)];
        for (var i = 0; i < indexes.Length; i++)
            indexes[i] = raw.sqlite3_bind_parameter_index(handle, $"${i + 1}");
        if (indexes.Contains(0))
            throw new StorageException($"The parameters of \"{statement}\" are not $1 to ${indexes.Length}.");
        prepared = new Prepared(handle, indexes);
        _prepared.Add(statement, prepared);
        return prepared;
    }

    private static void Bind(sqlite3_stmt handle, int index, SqlValue value)
    {
        var code = value.Kind switch
        {
            SqlValueKind.Null => raw.sqlite3_bind_null(handle, index),
            SqlValueKind.Real => raw.sqlite3_bind_double(handle, index, value.AsReal),
            SqlValueKind.Text => raw.sqlite3_bind_text(handle, index, value.AsText!),
            SqlValueKind.Blob => raw.sqlite3_bind_blob(handle, index, value.AsBlob),
            _ => raw.sqlite3_bind_int64(handle, index, value.AsInteger),
        };
        if (code != Ok)
            throw new StorageException($"SQLite cannot bind parameter {index} ({value.Kind}), code {code}.");
    }

    private static SqlValue[] ReadRow(sqlite3_stmt handle)
    {
        var row = new SqlValue[raw.sqlite3_column_count(handle)];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = raw.sqlite3_column_type(handle, i) switch
            {
                raw.SQLITE_INTEGER => raw.sqlite3_column_int64(handle, i),
                raw.SQLITE_FLOAT => raw.sqlite3_column_double(handle, i),
                raw.SQLITE_TEXT => raw.sqlite3_column_text(handle, i).utf8_to_string(),
                raw.SQLITE_BLOB => raw.sqlite3_column_blob(handle, i).ToArray(),
                _ => SqlValue.Null,
            };
        }

        return row;
    }

    private sealed record Prepared(sqlite3_stmt Handle, int[] Indexes);
}
