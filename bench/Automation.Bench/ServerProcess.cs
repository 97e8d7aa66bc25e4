using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Automation.Bench;

/// <summary>A server in a process of its own, on a free loopback port and a fresh directory.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, int port, string directory, TimeSpan startUp)
    {
        _process = process;
        Port = port;
        Directory = directory;
        StartUp = startUp;
    }

    public int Port { get; }

    /// <summary>Where its data is.</summary>
    public string Directory { get; }

    /// <summary>From the start of the process to its first answer.</summary>
    public TimeSpan StartUp { get; }

    /// <summary>Resident memory, in bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Processor time that it has used so far; unlike rates it hardly depends on what else the machine does.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts this program as the floor.</summary>
    public static Task<ServerProcess> StartFloorAsync()
    {
        var directory = NewDirectory();
        var port = FreePort();
        return StartAsync(
            [typeof(ServerProcess).Assembly.Location, "floor", Path.Combine(directory, "floor.db"), Url(port)],
            port,
            directory,
            new Dictionary<string, string>(StringComparer.Ordinal),
            "/");
    }

    /// <summary>Starts the product with the workflows of a directory.</summary>
    /// <param name="hostAssembly">The server's assembly.</param>
    /// <param name="workflows">Directory of its workflows and mappings.</param>
    /// <param name="adminKey">The administrator's key.</param>
    /// <param name="existing">The data of an earlier one; null for an empty directory.</param>
    public static Task<ServerProcess> StartProductAsync(string hostAssembly, string workflows, string adminKey, string? existing = null, IReadOnlyDictionary<string, string>? settings = null)
    {
        var directory = existing ?? NewDirectory();
        var port = FreePort();
        return StartAsync(
            [hostAssembly, "--urls", Url(port)],
            port,
            directory,
            new Dictionary<string, string>(settings ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
            {
                ["Automation__DataDirectory"] = directory,
                ["Automation__Workflows__Directory"] = workflows,
                ["Automation__Intake__MappingsFile"] = Path.Combine(workflows, "mappings.json"),
                ["Automation__AdminKey"] = adminKey,
                // The same events, signed: an HMAC-SHA256 over timestamp and body.
                ["Automation__Intake__Sources__signed__Preset"] = "flyflow",
                ["Automation__Intake__Sources__signed__Secrets__0"] = Scenarios.Secret,
                ["Automation__Intake__Sources__signed__Signature__Header"] = "X-Signature",
                ["Automation__Intake__Sources__signed__Signature__TimestampHeader"] = "X-Timestamp",
                ["Automation__Intake__Sources__signed__Signature__Signed"] = "{timestamp}.{body}",
                ["Logging__LogLevel__Default"] = "Warning",
            },
            "/healthz/ready");
    }

    /// <summary>Stops it gracefully.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        }

        _process.Dispose();
    }

    private static async Task<ServerProcess> StartAsync(IEnumerable<string> arguments, int port, string directory, IReadOnlyDictionary<string, string> environment, string ready)
    {
        var info = new ProcessStartInfo("dotnet", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        var started = Stopwatch.GetTimestamp();
        var process = Process.Start(info)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();

        using var client = new HttpClient();
        for (var tries = 0; ; tries++)
        {
            if (process.HasExited)
                throw new InvalidOperationException($"The server ended with {process.ExitCode} before it was ready.");
            try
            {
                using var answer = await client.GetAsync(new Uri(Url(port) + ready));
                return new ServerProcess(process, port, directory, Stopwatch.GetElapsedTime(started));
            }
            catch (HttpRequestException) when (tries < 3000)
            {
                await Task.Delay(10);
            }
        }
    }

    private static string NewDirectory() => System.IO.Directory.CreateTempSubdirectory("automation-bench-").FullName;

    private static string Url(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
