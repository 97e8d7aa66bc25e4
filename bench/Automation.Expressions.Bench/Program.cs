using Automation.Expressions.Bench;
using BenchmarkDotNet.Running;

BenchmarkSwitcher.FromAssembly(typeof(JavaScriptBench).Assembly).Run(args);
