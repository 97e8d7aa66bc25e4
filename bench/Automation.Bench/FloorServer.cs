using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Automation.Bench;

/// <summary>
/// The least that a durable webhook receiver can do on this machine: a bare Kestrel endpoint that stores each request's
/// body with one group-committed, synced insert. What the product reaches is told as a share of this.
/// </summary>
internal static class FloorServer
{
    public static async Task RunAsync(string file, string url)
    {
        var queue = Channel.CreateUnbounded<(byte[] Body, TaskCompletionSource Stored)>(new UnboundedChannelOptions { SingleReader = true });
        var writer = new Thread(() => Write(file, queue.Reader)) { IsBackground = true };
        writer.Start();

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls(url);
        await using var app = builder.Build();
        app.Run(async context =>
        {
            var body = new byte[context.Request.ContentLength ?? 0];
            await context.Request.Body.ReadExactlyAsync(body);
            var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await queue.Writer.WriteAsync((body, stored));
            await stored.Task;
            context.Response.ContentLength = 2;
            await context.Response.Body.WriteAsync("{}"u8.ToArray());
        });
        await app.StartAsync();
        Console.WriteLine("ready");
        await Console.In.ReadLineAsync();
        queue.Writer.Complete();
        await app.StopAsync();
        writer.Join();
    }

    private static void Write(string file, ChannelReader<(byte[] Body, TaskCompletionSource Stored)> reader)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE event (id INTEGER PRIMARY KEY, body BLOB NOT NULL)");
        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO event (body) VALUES ($body)";
        var parameter = insert.Parameters.Add("$body", SqliteType.Blob);
        insert.Prepare();
        var batch = new List<TaskCompletionSource>();
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            using (var transaction = connection.BeginTransaction())
            {
                insert.Transaction = transaction;
                while (batch.Count < 1000 && reader.TryRead(out var item))
                {
                    parameter.Value = item.Body;
                    insert.ExecuteNonQuery();
                    batch.Add(item.Stored);
                }

                transaction.Commit();
            }

            foreach (var stored in batch)
                stored.SetResult();
            batch.Clear();
        }
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
