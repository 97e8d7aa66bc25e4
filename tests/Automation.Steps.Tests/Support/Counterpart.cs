using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Automation.Steps.Tests.Support;

/// <summary>A process of Node.js that speaks lines of JSON: somebody else's implementation of the other side.</summary>
public sealed class Counterpart : IAsyncDisposable
{
    private const int NodeMajor = 20;

    private static readonly Lazy<string?> WhyNoNode = new(FindWhyNoNode);

    private readonly Process _process;

    private Counterpart(Process process) => _process = process;

    public int Port { get; private set; }

    /// <summary>Starts one; skips the test where Node.js or the packages are not installed.</summary>
    public static async Task<Counterpart> StartAsync(string script, params string[] arguments)
    {
        var folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "counterparts"));
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            Assert.Skip("The packages of tests/Automation.Steps.Tests/counterparts are not installed (npm ci).");
        if (WhyNoNode.Value is { } why)
            Assert.Skip(why);
        var start = new ProcessStartInfo("node") { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(script);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var counterpart = new Counterpart(Process.Start(start)!);
        counterpart._process.ErrorDataReceived += (_, _) => { };
        counterpart._process.BeginErrorReadLine();
        var ready = await counterpart.NextAsync();
        if (ready.TryGetProperty("port", out var port))
            counterpart.Port = port.GetInt32();
        return counterpart;
    }

    private static string? FindWhyNoNode()
    {
        try
        {
            using var node = Process.Start(new ProcessStartInfo("node", ["--version"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
            var version = node.StandardOutput.ReadToEnd().Trim();
            node.WaitForExit();
            return Version.TryParse(version.TrimStart('v'), out var found) && found.Major >= NodeMajor ? null : $"Node.js {NodeMajor} is needed; installed is {version}.";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"Node.js {NodeMajor} is not installed.";
        }
    }

    public async Task<JsonElement> NextAsync()
    {
        var line = await _process.StandardOutput.ReadLineAsync(Some.Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Some.Token);
        Assert.NotNull(line);
        return JsonDocument.Parse(line).RootElement;
    }

    public async Task<JsonElement> AskAsync(object question)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(question));
        await _process.StandardInput.FlushAsync(Some.Token);
        return await NextAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}

/// <summary>A real mail server on loopback, with a certificate that no authority signed.</summary>
public sealed class MailServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly Counterpart _node;

    private MailServer(DirectoryInfo folder, Counterpart node, string fingerprint)
    {
        _folder = folder;
        _node = node;
        Fingerprint = fingerprint;
    }

    public string Fingerprint { get; }

    public int Port => _node.Port;

    public static async Task<MailServer> StartAsync(string mode)
    {
        var folder = Directory.CreateTempSubdirectory("automation-mail-");
        using var certificate = Some.Certificate("localhost");
        var (key, cert) = (Path.Combine(folder.FullName, "key.pem"), Path.Combine(folder.FullName, "cert.pem"));
        await File.WriteAllTextAsync(key, certificate.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem(), Some.Token);
        await File.WriteAllTextAsync(cert, certificate.ExportCertificatePem(), Some.Token);
        return new MailServer(folder, await Counterpart.StartAsync("smtp.mjs", key, cert, mode), Convert.ToHexString(SHA256.HashData(certificate.RawData)));
    }

    public Task<JsonElement> NextAsync() => _node.NextAsync();

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
