using System.Globalization;
using Automation.Bench;
using Automation.Bench.Engine;

// dotnet run -c Release --project bench/Automation.Bench [-- --scale 0.2] [--only acceptance] [--out FILE]
// [--data DIRECTORY of a database that eng/fill-jobs-sqlite.sql has filled: --only stored and --only fetch (stored without
// the pages) fill one otherwise]
// [--postgres CONNECTION-STRING of a database that may be filled: jobs and waiting instances are measured there too]
if (args is ["floor", var file, var url])
{
    await FloorServer.RunAsync(file, url);
    return 0;
}

var scale = Option("--scale") is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : 1;
var only = Option("--only");
var figures = new Figures();
// The server as README's command builds it, beside this program in the repository and in the same configuration.
var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!;
var server = Path.Combine(configuration.FullName, "../../../../src/Automation.Host/bin", configuration.Name, "net10.0", "Automation.Host.dll");
var scenarios = new Scenarios(Path.GetFullPath(server), figures, scale);
Figures.PrintHead();
if (only is not ("engine" or "waiting" or "fetch"))
    await scenarios.FloorAsync();
foreach (var (name, run) in new (string, Func<Task>)[] { ("acceptance", scenarios.AcceptanceAsync), ("signed", scenarios.SignedAsync), ("workflows", scenarios.WorkflowsAsync), ("end-to-end", scenarios.EndToEndAsync), ("calls", scenarios.CallsAsync), ("copies", scenarios.CopiesAsync), ("replay", scenarios.ReplayAsync), ("steps", scenarios.StepsAsync), ("upserts", scenarios.UpsertsAsync), ("jobs", () => scenarios.JobsAsync(Option("--postgres"))), ("recurring", scenarios.RecurringAsync), ("stored", () => scenarios.StoredAsync(Option("--data"))), ("fetch", () => scenarios.FetchAsync(Option("--data"))) })
{
    // Ten million jobs take minutes and seven gigabytes: only when asked for. Upserts are among the steps.
    if (only == name || (only is null && name is not ("stored" or "fetch" or "upserts")))
        await run();
}

if (only is null or "engine")
    EngineSpeed.AddTo(figures, scale);

if (only is null or "waiting")
    await new WaitingInstances(figures, scale).RunAsync(Option("--postgres"));

figures.Save(Option("--out") ?? Path.Combine("artifacts", "bench.json"));
return 0;

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var i && i + 1 < args.Length ? args[i + 1] : null;
