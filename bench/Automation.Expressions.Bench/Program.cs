using Automation.Expressions.Bench;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["limits", ..]:
        return LimitRun.Run(args.ElementAtOrDefault(1)) == 0 ? 0 : 1;
    case ["times", ..]:
        TimeRun.Run();
        return 0;
    default:
        BenchmarkRunner.Run<JavaScriptBench>(DefaultConfig.Instance.WithArtifactsPath(Path.Combine("artifacts", "expressions")), args);
        return 0;
}
