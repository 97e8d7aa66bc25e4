using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Automation.Host.Start;
using Microsoft.AspNetCore.Builder;

namespace Automation.EndToEnd.Tests;

/// <summary>
/// The real server in a process of its own, on a free loopback port, with a data directory and a copy of the shipped
/// <c>workflows/</c> that are gone when the test ends.
/// </summary>
public sealed class ServerUnderTest : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("automation-e2e-").FullName;
    private readonly Dictionary<string, string> _settings = new(StringComparer.Ordinal);
    private readonly List<string> _output = [];
    private Process? _process;
    private WebApplication? _app;

    private ServerUnderTest()
    {
        Port = FreePort();
        Api = new HttpClient { BaseAddress = new Uri(Address) };
        Api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("ApiKey", AdminKey);
    }

    public const string AdminKey = "an-administrator-key-for-tests";

    public int Port { get; }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>Signed in as administrator.</summary>
    public HttpClient Api { get; }

    public string DataDirectory => Path.Combine(_directory, "data");

    public string WorkflowsDirectory => Path.Combine(_directory, "workflows");

    public int ProcessId => _process!.Id;

    /// <summary>What it wrote on the console so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    /// <summary>Starts it.</summary>
    /// <param name="settings">Environment variables, such as <c>Automation__Storage__MaxWaitingUnits</c>.</param>
    public static Task<ServerUnderTest> StartAsync(params (string Name, string Value)[] settings) => StartAsync(settings, _ => { });

    /// <summary>Starts it with workflows of a test's own beside the shipped ones.</summary>
    /// <param name="settings">Environment variables.</param>
    /// <param name="prepare">Writes into the folder of the workflows.</param>
    public static async Task<ServerUnderTest> StartAsync((string Name, string Value)[] settings, Action<string> prepare)
    {
        var server = new ServerUnderTest();
        foreach (var (name, value) in settings)
            server._settings[name] = value;
        server.CopyWorkflows();
        prepare(server.WorkflowsDirectory);
        await server.StartProcessAsync();
        return server;
    }

    /// <summary>
    /// Starts it in this process, for tests that need its services: a file of SQLite belongs to one process.
    /// </summary>
    public static async Task<ServerUnderTest> StartHereAsync(params (string Name, string Value)[] settings)
    {
        var server = new ServerUnderTest();
        server.CopyWorkflows();
        var builder = Server.CreateBuilder(
            [
                "--urls=" + server.Address, "--Automation:DataDirectory=" + server.DataDirectory, "--Automation:Workflows:Directory=" + server.WorkflowsDirectory,
                "--Automation:Intake:MappingsFile=" + Path.Combine(server.WorkflowsDirectory, "mappings.json"), "--Automation:AdminKey=" + AdminKey,
                .. settings.Select(s => $"--{s.Name.Replace("__", ":", StringComparison.Ordinal)}={s.Value}"),
            ],
            RepositoryRoot);
        Parts.AddTo(builder);
        server._app = builder.Build();
        await Server.StartAsync(server._app);
        return server;
    }

    /// <summary>The services of one that runs in this process.</summary>
    public IServiceProvider Services => _app!.Services;

    /// <summary>The root of the clone that the tests were built in.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>The server as README's command builds it, in the configuration of the tests.</summary>
    public static string Program { get; } = Path.Combine(
        RepositoryRoot, "src/Automation.Host/bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "Automation.Host.dll");

    /// <summary>Ends it as a crash does: no time to write anything.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Ends it as a supervisor does.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", ProcessId.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();
        await _process!.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>Starts the process again, on the same data and the same port.</summary>
    /// <returns>From the start of the process to its first answer.</returns>
    public async Task<TimeSpan> StartProcessAsync()
    {
        var info = new ProcessStartInfo("dotnet", [Program, "--urls", Address])
        {
            WorkingDirectory = RepositoryRoot,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment["Automation__DataDirectory"] = DataDirectory;
        info.Environment["Automation__Workflows__Directory"] = WorkflowsDirectory;
        info.Environment["Automation__Intake__MappingsFile"] = Path.Combine(WorkflowsDirectory, "mappings.json");
        info.Environment["Automation__AdminKey"] = AdminKey;
        foreach (var (name, value) in _settings)
        {
            if (value.Length == 0)
                info.Environment.Remove(name);
            else
                info.Environment[name] = value;
        }

        var started = Stopwatch.GetTimestamp();
        _process = Process.Start(info)!;
        _process.OutputDataReceived += (_, e) => Keep(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        while (true)
        {
            if (_process.HasExited)
                throw new InvalidOperationException($"The server ended with {_process.ExitCode}:\n{Output}");
            try
            {
                using var answer = await Api.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
                if (answer.IsSuccessStatusCode)
                    return Stopwatch.GetElapsedTime(started);
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Posts a webhook.</summary>
    public async Task<HttpResponseMessage> PostAsync(string source, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        return await Api.PostAsync(new Uri("/webhooks/" + source, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }

    /// <summary>Reads all pages of a list of events.</summary>
    public async Task<List<JsonElement>> AllEventsAsync(string query)
    {
        var all = new List<JsonElement>();
        string? before = null;
        do
        {
            var page = await GetJsonAsync($"/api/events?limit=500&{query}" + (before is null ? "" : "&before=" + before));
            all.AddRange(page.GetProperty("items").EnumerateArray());
            before = page.GetProperty("next").GetString();
        }
        while (before is not null);
        return all;
    }

    /// <summary>Reads a JSON answer of the API.</summary>
    public async Task<JsonElement> GetJsonAsync(string path) => await Api.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    /// <summary>How long something is waited for: a machine that has much else to do needs many times what it takes alone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Waits until it has written something; two minutes at most.</summary>
    public async Task WaitForOutputAsync(System.Text.RegularExpressions.Regex wanted)
    {
        for (var started = Stopwatch.GetTimestamp(); !wanted.IsMatch(Output);)
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"It did not write {wanted}.\n{Output}");
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks again and again until the answer is as wanted; fails with the last answer after two minutes.</summary>
    public async Task<JsonElement> WaitForAsync(string path, Func<JsonElement, bool> wanted)
    {
        var last = default(JsonElement);
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < Patience;)
        {
            last = await GetJsonAsync(path);
            if (wanted(last))
                return last;
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"{path} did not become as wanted. Last answer: {last}\n{Output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
        if (_process is { HasExited: false })
            await KillAsync();
        _process?.Dispose();
        Api.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
    }

    private void CopyWorkflows()
    {
        Directory.CreateDirectory(WorkflowsDirectory);
        foreach (var file in Directory.GetFiles(Path.Combine(RepositoryRoot, "workflows")))
            File.Copy(file, Path.Combine(WorkflowsDirectory, Path.GetFileName(file)));
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Automation.sln")))
            directory = directory.Parent;
        return directory.FullName;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
