using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Xunit;

namespace Automation.Testing;

/// <summary>
/// A real PostgreSQL, started once per test process on a free loopback port with its data in a temporary directory,
/// and stopped when the process ends. <c>AUTOMATION_TEST_POSTGRES</c> names a server to use instead.
/// </summary>
public static class PostgresServer
{
    private static readonly Lazy<Task<Server?>> Instance = new(StartAsync);
    private static int _databases;

    /// <summary>Makes a database; skips the calling test where there is no PostgreSQL.</summary>
    /// <param name="template">The name of the one to copy; null for an empty one.</param>
    /// <returns>How to connect, and what removes it.</returns>
    public static async Task<(string ConnectionString, Func<ValueTask> Drop)> CreateDatabaseAsync(string? template = null)
    {
        var server = await Instance.Value;
        Assert.SkipWhen(server is null, "PostgreSQL 15 is not installed (apt-get install postgresql-15).");

        var name = string.Create(CultureInfo.InvariantCulture, $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}");
        await ExecuteAsync(server.ConnectionString, template is null ? $"CREATE DATABASE {name}" : $"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
        var connectionString = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name }.ToString();
        return (connectionString, async () =>
        {
            await using (var pooled = new NpgsqlConnection(connectionString))
                NpgsqlConnection.ClearPool(pooled);
            await ExecuteAsync(server.ConnectionString, $"DROP DATABASE {name} WITH (FORCE)");
        });
    }

    /// <summary>Whether databases can be copied as files: on a server of ours, where one more is in nobody's way, of version 15 or later.</summary>
    public static async Task<bool> CanCopyAsync() => await Instance.Value is { IsOurs: true, Version: >= 15 };

    private static async Task<Server?> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("AUTOMATION_TEST_POSTGRES") is { Length: > 0 } given)
            return new Server(given, IsOurs: false, Version: 0);
        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).LastOrDefault(d => File.Exists(Path.Combine(d, "postgres")))
            : null;
        if (binaries is null)
            return null;

        var directory = Directory.CreateTempSubdirectory("automation-postgres-").FullName;
        var data = Path.Combine(directory, "data");
        var port = FreePort();
        var asUser = Environment.UserName == "root" ? "runuser -u postgres -- " : "";
        if (asUser.Length > 0)
            Shell($"chown postgres {directory}");
        Shell($"{asUser}{binaries}/initdb -D {data} -U postgres -A trust -E UTF8 --no-sync");
        // Durability is SQLite's and production's business; here every test wants its own database quickly.
        Shell($"{asUser}{binaries}/pg_ctl -D {data} -w -l {directory}/log -o \"-p {port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300\" start");
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            Shell($"{asUser}{binaries}/pg_ctl -D {data} -m immediate stop");
            Directory.Delete(directory, recursive: true);
        };

        var connectionString = $"Host=127.0.0.1;Port={port};Username=postgres;Database=postgres;Maximum Pool Size=50";
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return new Server(connectionString, IsOurs: true, connection.PostgreSqlVersion.Major);
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static void Shell(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command + " >/dev/null 2>&1"]))!;
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"\"{command}\" ended with {process.ExitCode}.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed record Server(string ConnectionString, bool IsOurs, int Version);
}
