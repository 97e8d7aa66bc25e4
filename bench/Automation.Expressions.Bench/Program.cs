using Automation.Expressions.Bench;
using BenchmarkDotNet.Running;

if (args is ["limits", ..])
    return LimitRun.Run(args.ElementAtOrDefault(1)) == 0 ? 0 : 1;
if (args is ["times"])
{
    TimeRun.Run();
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(JavaScriptBench).Assembly).Run(args);
return 0;
