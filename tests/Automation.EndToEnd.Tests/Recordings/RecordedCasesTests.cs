using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Automation.EndToEnd.Tests.Recordings;

/// <summary>
/// The recorded conversations with a genuine Elsa server, replayed by their own runner against the real server. They stand
/// beside the clone (<c>../shared/elsa/conformance</c>), not in it.
/// </summary>
public sealed partial class RecordedCasesTests
{
    private static readonly string Runner = Path.Combine(ServerUnderTest.RepositoryRoot, "..", "shared", "elsa", "conformance", "run.py");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_case_that_is_not_marked_as_a_defect_of_the_genuine_server_passes()
    {
        Assert.SkipUnless(File.Exists(Runner), "The recordings (../shared/elsa/conformance/run.py) do not stand beside the clone.");
        await using var server = await StartAsync(elsaQuirks: true);

        var all = await ReplayAsync(server, "");
        Assert.True(all.Count > 300, $"Only {all.Count} cases were replayed.");
        var differing = all.Where(c => c.Differs).Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        // The runner has patience for seconds; on a crowded machine a case may need more, alone.
        foreach (var id in differing.ToArray())
        {
            if ((await ReplayAsync(server, id, "--patience", "60", "--wait", "60")).Find(c => c.Id == id) is { Differs: false })
                differing.Remove(id);
        }

        Assert.Empty(differing);
    }

    [Fact]
    public async Task Without_Elsas_quirks_the_cases_that_the_documentation_names_differ()
    {
        Assert.SkipUnless(File.Exists(Runner), "The recordings (../shared/elsa/conformance/run.py) do not stand beside the clone.");
        var quirks = Explained(await File.ReadAllTextAsync(Path.Combine(ServerUnderTest.RepositoryRoot, "docs", "compatibility.md"), Ct));
        Assert.NotEmpty(quirks);
        await using var server = await StartAsync(elsaQuirks: false);

        // Most of each is waiting for what does not come.
        await Parallel.ForEachAsync(quirks, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = Ct }, async (id, _) =>
            Assert.True(Assert.Single(await ReplayAsync(server, id, "--patience", "1")).Differs, $"{id} is as recorded without the quirks too."));
    }

    /// <summary>Where the server does better than what was recorded, the recorded behaviour is asked for.</summary>
    private static Task<ServerUnderTest> StartAsync(bool elsaQuirks) => ServerUnderTest.StartAsync(
        ("Automation__Workflows__Engine__RefuseBrokenExpressions", "false"),
        ("Automation__Workflows__Engine__KeepInputs", "false"),
        ("Automation__Workflows__Engine__JournalCancellation", "false"),
        ("Automation__Workflows__Engine__ShortStrategyNames", "false"),
        ("Automation__Workflows__Engine__ElsaQuirks", elsaQuirks ? "true" : "false"),
        ("Automation__Steps__Outgoing__AllowedHosts__0", "127.0.0.1"));

    private static async Task<List<ReplayedCase>> ReplayAsync(ServerUnderTest server, string filter, params string[] options)
    {
        var file = Path.Combine(server.DataDirectory, Guid.NewGuid() + ".replayed.json");
        var info = new ProcessStartInfo(
            "python3", [Runner, "--base", server.Address, "--auth", "ApiKey " + ServerUnderTest.AdminKey, "--filter", filter, "--json", file, .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        Process runner;
        try
        {
            runner = Process.Start(info)!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("python3 is not installed.");
            throw;
        }

        using (runner)
        {
            var output = runner.StandardOutput.ReadToEndAsync(Ct);
            var errors = runner.StandardError.ReadToEndAsync(Ct);
            try
            {
                await runner.WaitForExitAsync(Ct);
            }
            catch (OperationCanceledException)
            {
                runner.Kill();
                throw;
            }

            Assert.True(File.Exists(file), $"The runner ended with {runner.ExitCode}: {await output} {await errors}");
        }

        using var result = JsonDocument.Parse(await File.ReadAllBytesAsync(file, Ct));
        return
        [
            .. result.RootElement.GetProperty("results").EnumerateArray().Select(r => new ReplayedCase(
                r.GetProperty("id").GetString()!,
                !r.GetProperty("passed").GetBoolean() && !(r.TryGetProperty("deviates", out var marked) && marked.GetBoolean()))),
        ];
    }

    /// <summary>The cases in the first column of the table.</summary>
    private static HashSet<string> Explained(string page) =>
        [.. page.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).SelectMany(l => CaseName().Matches(l.Split('|')[1])).Select(m => m.Value)];

    [GeneratedRegex("[a-z-]+-[0-9]{3}")]
    private static partial Regex CaseName();

    private sealed record ReplayedCase(string Id, bool Differs);
}
