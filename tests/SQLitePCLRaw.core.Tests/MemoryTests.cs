using System.Globalization;
using System.Runtime.CompilerServices;
using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

/// <summary>What a long-running process depends on: nothing allocated per value, nothing leaked per statement.</summary>
[Collection(AloneCollection.Name)]
public sealed class MemoryTests : IDisposable
{
    private readonly TestDatabase _db = new();

    public MemoryTests()
    {
        // What other tests forgot must not be given back in the middle of a measurement.
        Memory.Collect();
        _db.Run("CREATE TABLE t (i INTEGER PRIMARY KEY, d REAL, s TEXT, b BLOB)");
    }

    public void Dispose() => _db.Dispose();

    [Fact]
    public void Binding_stepping_and_reading_allocate_nothing()
    {
        using var insert = _db.Prepare("INSERT OR REPLACE INTO t VALUES (?1, ?2, ?3, ?4)");
        using var select = _db.Prepare("SELECT i, d, s, b FROM t WHERE i = ?1");
        var longText = new string('ä', 2000);
        // Pooled buffers and the compiled code are made the first times.
        for (var i = 0; i < 200; i++)
            Assert.True(Round(insert, select, longText));

        var before = GC.GetAllocatedBytesForCurrentThread();
        var right = true;
        for (var i = 0; i < 1000; i++)
            right &= Round(insert, select, longText);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.True(right);
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void A_million_statements_through_a_cache_leak_nothing()
    {
        const int Kept = 32, Texts = 64, Statements = 1_000_000;
        var texts = Enumerable.Range(0, Texts).Select(i => string.Create(CultureInfo.InvariantCulture, $"SELECT ?1, 'text {i}'")).ToArray();
        var cache = new sqlite3_stmt?[Kept];

        var settled = 0L;
        for (var i = 0; i < Statements; i++)
        {
            // Half of the texts hit what is kept from the last round, half evict it, so that every second use prepares.
            var text = i % 2 == 0 ? i % Kept : i % Texts;
            ref var slot = ref cache[text % Kept];
            if (i % 2 != 0 || slot is null)
            {
                slot?.Dispose();
                _db.Check(sqlite3_prepare_v3(_db.Handle, texts[text], SQLITE_PREPARE_PERSISTENT, out slot));
            }

            sqlite3_bind_text(slot, 1, texts[text]);
            if (sqlite3_step(slot) != SQLITE_ROW || sqlite3_column_count(slot) != 2)
                Assert.Fail(_db.Message);
            sqlite3_reset(slot);
            sqlite3_clear_bindings(slot);
            if (i == Statements / 10)
                settled = NativeMethods.sqlite3_memory_used();
        }

        var grown = NativeMethods.sqlite3_memory_used() - settled;
        foreach (var statement in cache)
            statement?.Dispose();

        // A single byte lost per prepared statement would show as 450,000.
        Assert.InRange(grown, long.MinValue, 16 * 1024);
    }

    [Fact]
    public void Closing_everything_gives_all_memory_back()
    {
        OpenAndClose();
        var before = NativeMethods.sqlite3_memory_used();

        for (var i = 0; i < 100; i++)
            OpenAndClose();

        Assert.Equal(before, NativeMethods.sqlite3_memory_used());
    }

    private static void OpenAndClose()
    {
        using var db = new TestDatabase();
        using var other = new TestDatabase();
        db.Run("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(10000))");
        db.Check(sqlite3_create_function(db.Handle, "f", 0, null, (_, _, _) => { }));
        db.Check(sqlite3_create_collation(db.Handle, "c", null, (_, _, _) => 0));
        sqlite3_rollback_hook(db.Handle, _ => { }, null);
        sqlite3_load_extension(db.Handle, utf8z.FromString("none"), default, out _);
        using var statement = db.Prepare("SELECT f(), a FROM t ORDER BY a COLLATE c");
        Assert.Equal(SQLITE_ROW, sqlite3_step(statement));
        db.Check(sqlite3_blob_open(db.Handle, "main", "t", "a", 1, 0, out var blob));
        using (blob)
        using (var backup = sqlite3_backup_init(other.Handle, "main", db.Handle, "main"))
            sqlite3_backup_step(backup, 1);
    }

    // Assertions allocate, so what was seen comes back as one truth.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool Round(sqlite3_stmt insert, sqlite3_stmt select, string longText)
    {
        var right = sqlite3_bind_int64(insert, 1, 7) == SQLITE_OK
            & sqlite3_bind_double(insert, 2, 0.5) == SQLITE_OK
            & sqlite3_bind_text(insert, 3, "short") == SQLITE_OK
            & sqlite3_bind_text(insert, 3, "bytes"u8) == SQLITE_OK
            & sqlite3_bind_blob(insert, 4, "blob"u8) == SQLITE_OK
            & sqlite3_step(insert) == SQLITE_DONE
            & sqlite3_reset(insert) == SQLITE_OK
            & sqlite3_clear_bindings(insert) == SQLITE_OK
            & sqlite3_bind_int64(insert, 1, 7) == SQLITE_OK
            & sqlite3_bind_double(insert, 2, 0.5) == SQLITE_OK
            & sqlite3_bind_text(insert, 3, longText) == SQLITE_OK
            & sqlite3_bind_null(insert, 4) == SQLITE_OK
            & sqlite3_step(insert) == SQLITE_DONE
            & sqlite3_reset(insert) == SQLITE_OK;

        return right
            & sqlite3_bind_int64(select, sqlite3_bind_parameter_index(select, "?1"), 7) == SQLITE_OK
            & sqlite3_step(select) == SQLITE_ROW
            & sqlite3_column_int64(select, 0) == 7
            & sqlite3_column_double(select, 1) == 0.5
            & sqlite3_column_text(select, 2).AsSpan().Length == longText.Length * 2
            & sqlite3_column_blob(select, 3).IsEmpty
            & sqlite3_column_type(select, 3) == SQLITE_NULL
            & sqlite3_reset(select) == SQLITE_OK;
    }
}
