using Automation.Bench;

if (args is ["floor", var file, var url])
{
    await FloorServer.RunAsync(file, url);
    return 0;
}

await using (var floor = await ServerProcess.StartFloorAsync())
{
    var load = new LoadGenerator(floor.Port, "/", n => $$$"""{"event_type":"call_started","call_id":"bench-{{{n}}}","timestamp":"2026-11-20T10:00:00Z","data":{"agent":"a-17","from":"+4915100000000"}}""");
    await load.RunAsync(64, 1, 20_000);
    var r = await load.RunAsync(64, 100_000, 100_000);
    Console.WriteLine($"floor {r.PerSecond:0}/s p50 {r.Percentile(0.5):0.00} p99 {r.Percentile(0.99):0.00}");
}

return 0;
