using System.Globalization;
using SQLitePCL.Tests.Support;

namespace SQLitePCL.Tests;

public sealed class ThreadTests
{
    private const int Threads = 4;

    [Fact]
    public void Connections_of_their_own_write_one_file_from_many_threads()
    {
        const int Rows = 250;
        using var file = new TemporaryFile();
        using var db = new TestDatabase(file.Path);
        db.Column("PRAGMA journal_mode=WAL");
        db.Run("CREATE TABLE t (thread, i, UNIQUE (thread, i))");

        OnThreads(thread =>
        {
            using var own = new TestDatabase(file.Path);
            own.Run("PRAGMA busy_timeout=60000; PRAGMA synchronous=OFF");
            using var insert = own.Prepare("INSERT INTO t VALUES (?1, ?2)");
            for (var i = 0; i < Rows; i++)
            {
                sqlite3_bind_int64(insert, 1, thread);
                sqlite3_bind_text(insert, 2, i.ToString(CultureInfo.InvariantCulture));
                own.Check(sqlite3_step(insert), SQLITE_DONE);
                own.Check(sqlite3_reset(insert));
            }
        });

        Assert.Equal((Threads * Rows).ToString(CultureInfo.InvariantCulture), db.Scalar("SELECT count(*) FROM t"));
        Assert.Equal("ok", db.Scalar("PRAGMA integrity_check"));
    }

    [Fact]
    public void One_connection_serializes_calls_from_many_threads()
    {
        const int Rows = 1000;
        using var db = new TestDatabase();
        db.Run("CREATE TABLE t (a)");
        db.Check(sqlite3_create_function(db.Handle, "f", 1, null, (ctx, _, args) => sqlite3_result_int64(ctx, sqlite3_value_int64(args[0]))));

        OnThreads(thread =>
        {
            using var insert = db.Prepare("INSERT INTO t VALUES (f(?1))");
            for (var i = 0; i < Rows; i++)
            {
                sqlite3_bind_int64(insert, 1, i);
                db.Check(sqlite3_step(insert), SQLITE_DONE);
                db.Check(sqlite3_reset(insert));
                if (i % 100 == 0)
                    GC.Collect(0);
            }
        });

        Assert.Equal((Threads * Rows).ToString(CultureInfo.InvariantCulture), db.Scalar("SELECT count(*) FROM t"));
    }

    [Fact]
    public void Forgotten_statements_are_finalized_while_their_connection_is_at_work()
    {
        using var db = new TestDatabase();
        db.Run("CREATE TABLE t (a)");
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < 100; i++)
                _ = db.Prepare("SELECT a FROM t");
            GC.Collect();
            db.Run("INSERT INTO t VALUES (1); SELECT count(*) FROM t");
        }

        Memory.Collect();
        Assert.Equal("20", db.Scalar("SELECT count(*) FROM t"));
    }

    private static void OnThreads(Action<int> work)
    {
        var failures = new Exception?[Threads];
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            try
            {
                work(number);
            }
            catch (Exception e)
            {
                failures[number] = e;
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.All(failures, Assert.Null);
    }
}
