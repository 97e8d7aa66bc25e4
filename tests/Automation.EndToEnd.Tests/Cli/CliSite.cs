using System.Diagnostics;

namespace Automation.EndToEnd.Tests.Cli;

/// <summary>A server for the tests of the command line, with a sender that is described in a file, and what runs commands against it.</summary>
public sealed class CliSite : IAsyncLifetime
{
    /// <summary>The secret of every source that signs.</summary>
    public const string Secret = "a-secret-for-tests";

    /// <summary>RFC 8032, 7.1, test 2: a private key and its public one, of the sources that verify ed25519.</summary>
    public static readonly string PrivateKey = Convert.ToBase64String(Convert.FromHexString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    public static readonly string PublicKey = Convert.ToBase64String(Convert.FromHexString("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("automation-cli-");

    public ServerUnderTest Server { get; private set; } = null!;

    public string PresetsDirectory => _directory.FullName;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(PresetsDirectory, "acme.json"), """
            {
              "name": "acme", "title": "Acme Shop", "type": ["order.{action|lower}"], "correlation": ["{order.customer}"], "dedupe": { "key": ["{order.id}"] },
              "verification": [ { "name": "v1", "kind": "hmac", "headers": ["X-Acme-Signature"], "format": "pairs", "key": "s", "timestampKey": "t", "signed": "{timestamp}/{body}", "encoding": "base64", "tolerance": "00:05:00" } ],
              "acknowledge": { "status": 202, "body": { "taken": true } },
              "samples": [ { "name": "order.placed", "type": "order.placed", "body": { "action": "PLACED", "order": { "id": "o-1", "customer": "c-1", "total": 12.5 } } } ]
            }
            """);
        Server = await ServerUnderTest.StartAsync(
            ("Automation__Intake__PresetsDirectory", PresetsDirectory),
            ("Automation__Intake__Sources__acme__Secrets__0", Secret),
            ("Automation__Intake__Sources__github__Secrets__0", Secret),
            ("Automation__Intake__Sources__stripe__Secrets__0", Secret),
            ("Automation__Intake__Sources__twilio__Secrets__0", Secret),
            ("Automation__Intake__Sources__telnyx__Secrets__0", PublicKey),
            ("Automation__Intake__Sources__standard-webhooks__Secrets__0", "whpk_" + PublicKey),
            ("Automation__Intake__Sources__bot__Preset", "flow-ai"),
            ("Automation__Intake__Sources__bot__Secrets__0", Secret));
    }

    /// <summary>Runs a command to its end.</summary>
    public Task<CliRun> RunAsync(params string[] args) => RunAsync(CancellationToken.None, args);

    /// <summary>Runs a command; the token interrupts it as Ctrl+C does.</summary>
    public async Task<CliRun> RunAsync(CancellationToken interrupt, params string[] args)
    {
        var info = new ProcessStartInfo("dotnet", [ServerUnderTest.Program, .. args])
        {
            WorkingDirectory = ServerUnderTest.RepositoryRoot,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment["AUTOMATION_URL"] = Server.Address;
        info.Environment["AUTOMATION_KEY"] = ServerUnderTest.AdminKey;
        using var process = Process.Start(info)!;
        await using var stop = interrupt.Register(() => Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).Dispose());
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CliRun(process.ExitCode, await output, await errors);
    }

    /// <summary>Writes a file that a command is to read.</summary>
    public string Write(string name, string content)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_directory.FullName, "files")).FullName, name);
        File.WriteAllText(path, content);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _directory.Delete(recursive: true);
    }
}

/// <summary>How a command ended.</summary>
public sealed record CliRun(int Code, string Output, string Errors);
