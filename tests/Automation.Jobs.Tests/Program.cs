using Automation.Jobs.Tests.Crash;

// The test runner, and the process that the crash tests kill.
return args is [CrashWorker.Verb, ..]
    ? await CrashWorker.RunAsync(args[1..])
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
