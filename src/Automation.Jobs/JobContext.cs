using System.Text.Json;
using Automation.Jobs.Serialization;
using Automation.Jobs.Server;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>A job that runs, as its handler sees it.</summary>
public sealed class JobContext
{
    private readonly JobRun _run;

    internal JobContext(JobRun run, string name, IReadOnlyList<string> arguments)
    {
        _run = run;
        Name = name;
        Arguments = arguments;
    }

    /// <summary>The job's id.</summary>
    public long Id => _run.Job.Id;

    /// <summary>The name under which its handler is registered.</summary>
    public string Name { get; }

    /// <summary>The arguments, each as JSON text.</summary>
    public IReadOnlyList<string> Arguments { get; }

    /// <summary>Which attempt this is, from 1.</summary>
    public int Attempt => _run.RetryCount + 1;

    /// <summary>True when a failure of this attempt would not be tried again.</summary>
    public bool IsLastAttempt => _run.RetryCount >= _run.Retry.Attempts;

    /// <summary>The queue it came from.</summary>
    public string Queue => _run.Job.Queue;

    /// <summary>When the job was created.</summary>
    public DateTimeOffset CreatedAt => new(_run.Job.CreatedAt, TimeSpan.Zero);

    /// <summary>Cancelled when the job is deleted, when its lease is lost and when the server stops.</summary>
    public CancellationToken CancellationToken => _run.Cancellation;

    /// <summary>Reads an argument.</summary>
    /// <param name="index">Its position, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer arguments.</exception>
    /// <exception cref="JsonException">It is no such value.</exception>
    public T? GetArgument<T>(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Arguments.Count);
        return JsonSerializer.Deserialize<T>(Arguments[index], JobJson.Options);
    }

    /// <summary>The JSON text of a parameter kept with the job; null where there is none.</summary>
    public string? GetParameter(string name) => _run.Job.Parameters.GetValueOrDefault(name);

    /// <summary>Tells the job's result, to be stored with its success.</summary>
    public void SetResult(object? result) => _run.ResultJson = result is null ? null : JobJson.Serialize(result);

    /// <summary>
    /// Adds the job's success to the handler's own unit, so that its effect and its end commit together or not at all.
    /// Where the job was lost meanwhile (deleted, or taken over after this process was thought dead), the unit
    /// conflicts; the handler lets that exception pass. Call once per unit, as the last thing before its commit.
    /// </summary>
    /// <param name="unit">The unit that holds the handler's own rows.</param>
    /// <param name="resultJson">The result, shown with the job; JSON text or null.</param>
    public void AddSuccessTo(WriteUnit unit, string? resultJson = null)
    {
        ArgumentNullException.ThrowIfNull(unit);
        _run.AddSuccessTo(unit, resultJson ?? _run.ResultJson);
    }

    /// <summary>Keeps a line with the job. Lines are stored in the background, in order; at most 1,000 of an attempt.</summary>
    public void Log(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        _run.Log(line);
    }

    /// <summary>Tells how far the job is; the last report counts.</summary>
    /// <param name="percent">0 to 100.</param>
    /// <param name="message">What is being done.</param>
    public void ReportProgress(double percent, string? message = null) => _run.ReportProgress(Math.Clamp(percent, 0, 100), message);

    /// <summary>
    /// Waits for something that is not this server's work, such as its turn at a limit or the time of the next attempt.
    /// Meanwhile the job's worker runs other jobs (<see cref="JobOptions.AsideCount"/>); before the job goes on, it is given
    /// one again.
    /// </summary>
    /// <param name="wait">The wait. It must end when <see cref="CancellationToken"/> is cancelled.</param>
    public Task WaitAsideAsync(Func<Task> wait)
    {
        ArgumentNullException.ThrowIfNull(wait);
        return _run.Job.Seat is { } seat ? seat.WaitAsync(wait) : wait();
    }

    internal ClaimedJob Job => _run.Job;
}
