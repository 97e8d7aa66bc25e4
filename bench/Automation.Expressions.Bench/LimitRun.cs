using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Automation.Expressions.JavaScript;

namespace Automation.Expressions.Bench;

/// <summary>
/// Runs every hostile source with a short time limit and no limit of steps, and tells how far past the limit it ended and what it
/// allocated. Time is the processor's as well as the clock's, since other programs may share the machine.
/// </summary>
internal static class LimitRun
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Allowed = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(20);

    private static readonly ExpressionLimits Limits = ExpressionLimits.Default with { Timeout = Timeout, MaxSteps = long.MaxValue };

    public static int Run(string? only)
    {
        var payload = JsonDocument.Parse($$"""{"text":"{{new string('x', 1 << 20)}}"}""").RootElement;

        // What is measured is the limit, not the first run of the code.
        foreach (var (_, source) in HostileSources.Compiling)
            Evaluate(source, payload, out _);
        var failures = 0;
        Console.WriteLine("| source | ended in | clock | processor | past the limit | allocated |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (name, source) in HostileSources.All.Concat(HostileSources.Compiling.Select(c => ("compile: " + c.Name, c.Source))))
        {
            if (only is null || name.Contains(only, StringComparison.OrdinalIgnoreCase))
                failures += Report(name, source, payload) ? 0 : 1;
        }

        Console.WriteLine($"{failures} of {HostileSources.All.Count + HostileSources.Compiling.Count} went more than {Allowed.TotalMilliseconds} ms past the limit, ended in something else, or took more than twice the memory allowed.");
        Console.WriteLine($"Peak of the process: {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB.");
        return failures;
    }

    private static bool Report(string name, string source, JsonElement payload)
    {
        GC.Collect();
        var result = "";
        long allocated = 0;
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        var thread = new Thread(() => result = Evaluate(source, payload, out allocated));
        thread.Start();
        if (!thread.Join(GiveUp))
            result = "NOT AT ALL";
        var elapsed = clock.Elapsed;
        var used = Environment.CpuUsage.TotalTime - cpu;
        var compiling = name.StartsWith("compile:", StringComparison.Ordinal);

        // On a busy machine the clock runs on while the program waits for a processor: only the share it had counts.
        var share = Math.Min(1, used / elapsed);
        var past = (compiling ? elapsed : elapsed - Timeout) * share;

        // A source within the limits may take as long as it takes to compile.
        var bounded = past <= Allowed || (compiling && !result.StartsWith("Max", StringComparison.Ordinal));
        var good = bounded && allocated <= 2 * Limits.MaxMemory && !result.StartsWith('!') && result != "NOT AT ALL";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {name} | {result} | {elapsed.TotalMilliseconds:0} ms | {used.TotalMilliseconds:0} ms | {Math.Max(0, past.TotalMilliseconds):0} ms{(good ? "" : " **FAILED**")} | {allocated >> 20} MiB |"));
        return good;
    }

    private static string Evaluate(string source, JsonElement payload, out long allocated)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var compiler = new JavaScriptCompiler(Limits, TimeProvider.System, TimeZoneInfo.Utc);
            var value = compiler.Compile(source).Evaluate(new ScriptScope { Console = static (_, _) => { } }.Set("input", payload));
            using var sink = new Utf8JsonWriter(Stream.Null);
            ScriptJson.Write(sink, value);
            return "a value";
        }
        catch (ExpressionException e)
        {
            var limit = e.Kind == ExpressionErrorKind.Limit ? e.Message[(e.Message.LastIndexOf('(') + 1)..].TrimEnd(')') : e.Kind + ": " + e.Message;
            return (limit.Length > 60 ? limit[..60] + "…" : limit).Replace('|', '/');
        }
        catch (Exception e)
        {
            return "! " + e.GetType().Name + ": " + e.Message;
        }
        finally
        {
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
