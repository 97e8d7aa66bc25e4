using System.Diagnostics;
using System.Globalization;

namespace Automation.Expressions.Bench;

/// <summary>
/// The figures of <see cref="JavaScriptBench"/> in processor time, the best of many short rounds: what to look at where other programs share
/// the machine, and BenchmarkDotNet's clock counts their time too.
/// </summary>
internal static class TimeRun
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(40);

    public static void Run()
    {
        var bench = new JavaScriptBench();
        bench.Prepare();
        Console.WriteLine("| case | best | median | allocated |");
        Console.WriteLine("|---|---|---|---|");
        Measure("`input.data.tool_input.city`, 2 KB payload", () => bench.One_field_of_a_payload());
        Measure("a template literal with two fields", () => bench.A_template_with_two_fields());
        Measure("filter, map, reduce over 100 items of a document", () => bench.Filter_map_reduce_over_100_items());
        Measure("the same over 100 items in .NET lists", () => bench.Filter_map_reduce_over_a_list());
        Measure("first compile of an ordinary expression", () => bench.First_compile_of_an_ordinary_expression());
    }

    private static void Measure(string name, Action run)
    {
        var times = new List<double>();
        var bytes = 0L;
        for (var round = 0; round < 40; round++)
        {
            var clock = Stopwatch.StartNew();
            var before = Environment.CpuUsage.TotalTime;
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var count = 0;
            for (; clock.Elapsed < Round; count += 20)
            {
                for (var i = 0; i < 20; i++)
                    run();
            }

            times.Add((Environment.CpuUsage.TotalTime - before).TotalMicroseconds / count);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / count;
        }

        // The first rounds are spent on compiling the engine itself.
        var settled = times.Skip(10).Order().ToList();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {settled[0]:0.00} µs | {settled[settled.Count / 2]:0.00} µs | {bytes:n0} B |"));
    }
}
