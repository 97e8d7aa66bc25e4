using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Automation.EndToEnd.Tests;

/// <summary>The server on a disk that really is full.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task On_a_full_disk_nothing_is_acknowledged_that_is_not_stored_and_with_room_it_goes_on()
    {
        var disk = Directory.CreateTempSubdirectory("automation-disk-").FullName;
        Assert.SkipUnless(await ShellAsync($"mount -t tmpfs -o size=16m tmpfs {disk}"), "A small disk can only be mounted by root.");
        try
        {
            // Room to be given back later.
            var ballast = Path.Combine(disk, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[6 * 1024 * 1024], TestContext.Current.CancellationToken);
            await using var server = await ServerUnderTest.StartAsync(
                ("Automation__DataDirectory", Path.Combine(disk, "data")), ("Logging__LogLevel__Default", "None"));
            var acknowledged = new HashSet<string>(StringComparer.Ordinal);
            var refused = 0;
            for (var i = 0; refused < 20; i++)
            {
                Assert.True(i < 5000, "the disk did not fill up");
                if (await PostAsync(server, i) is { } call)
                    acknowledged.Add(call);
                else
                    refused++;
            }

            Assert.NotEmpty(acknowledged);
            File.Delete(ballast);
            var after = 0;
            for (var i = 10_000; after < 20; i++)
            {
                Assert.True(i < 10_500, "it did not go on");
                if (await PostAsync(server, i) is { } call)
                {
                    acknowledged.Add(call);
                    after++;
                }
            }

            var stored = (await server.AllEventsAsync("source=conversation-messages")).Select(e => e.GetProperty("correlationKey").GetString()!).ToHashSet(StringComparer.Ordinal);
            Assert.Equal(acknowledged.Order(StringComparer.Ordinal), stored.Order(StringComparer.Ordinal));
        }
        finally
        {
            await ShellAsync($"umount {disk}");
            Directory.Delete(disk);
        }
    }

    private static async Task<string?> PostAsync(ServerUnderTest server, int n)
    {
        var call = string.Create(CultureInfo.InvariantCulture, $"conversation-{n}");
        using var answer = await server.PostAsync("conversation-messages", $$$"""{"conversation_id":"{{{call}}}","data":{"id":"{{{call}}}","type":"BOT","status":"RECEIVED","updated_at":"1","content":"{{{new string('x', 20_000)}}}"} }""");
        if (answer.StatusCode == HttpStatusCode.OK)
            return call;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.NotNull(answer.Headers.RetryAfter);
        return null;
    }

    private static async Task<bool> ShellAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command + " 2>/dev/null"]))!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
