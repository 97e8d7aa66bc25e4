using System.ComponentModel;

namespace Automation.Jobs;

/// <summary>
/// How a job that is stored by registered name looks in Hangfire's layout: a call of <see cref="Run"/>. A genuine
/// dashboard that can load this assembly shows the name; a genuine worker fails on it and says why.
/// </summary>
public static class NamedJob
{
    internal const string TypeName = "Automation.Jobs.NamedJob, Automation.Jobs";

    /// <summary>Never runs: a worker of this project finds the handler by its name instead.</summary>
    /// <param name="name">The registered name of the job.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    [DisplayName("{0}")]
    public static void Run(string name, object?[] arguments) =>
        throw new NotSupportedException($"The job \"{name}\" is stored by name and runs only in an Automation server.");
}
