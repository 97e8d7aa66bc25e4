using System.Diagnostics;
using System.Net;

namespace Automation.EndToEnd.Tests.Cli;

/// <summary>A copy that is taken while events arrive, and a server on that copy.</summary>
public sealed class BackupTests
{
    [Fact]
    public async Task A_backup_of_a_busy_server_has_everything_that_was_acknowledged_before_it()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var token = TestContext.Current.CancellationToken;
        for (var i = 0; i < 50; i++)
            await SendAsync(server, $"before-{i}");

        // Events go on arriving while the copy is taken.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(token);
        var busy = Task.Run(
            async () =>
            {
                for (var i = 0; !stop.IsCancellationRequested; i++)
                    await SendAsync(server, $"during-{i}");
            },
            token);
        var target = Path.Combine(server.DataDirectory, "..", "backup");
        var (code, output) = await RunAsync("backup", target, "--data", server.DataDirectory);
        await stop.CancelAsync();
        await busy;
        Assert.True(code == 0, output);
        var (again, refusal) = await RunAsync("backup", target, "--data", server.DataDirectory);
        Assert.True(again == 2, refusal);

        // Restoring is putting the copy in the place of the data.
        await server.KillAsync();
        Directory.Delete(server.DataDirectory, recursive: true);
        Directory.Move(target, server.DataDirectory);
        await server.StartProcessAsync();
        var events = await server.AllEventsAsync("source=flyflow");
        Assert.Equal(50, events.Count(e => e.GetProperty("correlationKey").GetString()!.StartsWith("before-", StringComparison.Ordinal)));
    }

    private static async Task SendAsync(ServerUnderTest server, string call)
    {
        using var answer = await server.PostAsync("flyflow", $$$"""{"event_type":"tool_call","call_id":"{{{call}}}","timestamp":"2026-01-01T00:00:00Z","data":{"tool_name":"other"}}""");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet", [ServerUnderTest.Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(info)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
