using System.CommandLine;
using Automation.Host.Start;
using Automation.Storage;
using Microsoft.Data.Sqlite;

namespace Automation.Host.Cli;

/// <summary>
/// <c>backup DIRECTORY</c>: a copy of the SQLite database as of one moment, and of the keys that its secrets are encrypted
/// with. The server may run on: the copy is one read of the database, which writers do not wait for.
/// </summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var target = new Argument<DirectoryInfo>("directory") { Description = "Where the copy goes; it must not hold one already." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "The server's data directory. Default: the one of its configuration." };
        var command = new Command("backup", "Copies the server's SQLite database and keys while it runs.") { target, data };
        command.SetAction((result, cancellationToken) => Connection.GuardAsync(() => RunAsync(result.GetRequiredValue(target), result.GetValue(data), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(DirectoryInfo target, DirectoryInfo? data, CancellationToken cancellationToken)
    {
        var (file, keys) = Locate(data);
        if (!File.Exists(file))
            throw new CommandException(Exit.Misused, $"There is no database {file}. Say where the server's data are with --data.");
        var copy = Path.Combine(target.FullName, "automation.db");
        if (File.Exists(copy))
            throw new CommandException(Exit.Misused, $"{copy} is there already; choose another directory.");
        Directory.CreateDirectory(target.FullName);

        // Complete or not there: a copy that was cut short must not be taken for one.
        var unfinished = copy + ".part";
        File.Delete(unfinished);
        await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString()))
        {
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "VACUUM INTO $file";
            command.CommandTimeout = 0;
            command.Parameters.AddWithValue("$file", unfinished);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        if (Directory.Exists(keys))
        {
            var copied = Directory.CreateDirectory(Path.Combine(target.FullName, "keys"));
            foreach (var key in Directory.GetFiles(keys))
                File.Copy(key, Path.Combine(copied.FullName, Path.GetFileName(key)), overwrite: true);
        }

        File.Move(unfinished, copy);
        Console.WriteLine($"{copy}  {new FileInfo(copy).Length:N0} bytes");
        return Exit.Done;
    }

    private static (string File, string Keys) Locate(DirectoryInfo? data)
    {
        if (data is not null)
            return (Path.Combine(data.FullName, "automation.db"), Path.Combine(data.FullName, "keys"));
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = ContentRoot.Find(Directory.GetCurrentDirectory(), AppContext.BaseDirectory) });
        var directory = Parts.DataDirectory(builder);
        var location = DatabaseLocation.From(builder.Configuration.GetConnectionString("Automation"), directory);
        return (
            location.SqliteFile ?? throw new CommandException(Exit.Misused, $"The server's data are in PostgreSQL: back them up with pg_dump, and keep {Path.Combine(directory, "keys")} with it."),
            Path.Combine(directory, "keys"));
    }
}
