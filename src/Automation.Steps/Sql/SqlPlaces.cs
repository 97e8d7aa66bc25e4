using System.Collections.Concurrent;
using System.Globalization;
using Automation.Jobs;
using Automation.Steps.Http;
using Microsoft.Extensions.Options;

namespace Automation.Steps.Sql;

/// <summary>
/// So many steps use a data connection at a time; the rest waits its turn, without a worker and without using up the time
/// of its statements.
/// </summary>
internal sealed class SqlPlaces(IOptions<SqlOptions> options, TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _places = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Waits for a place.</summary>
    /// <param name="name">The connection.</param>
    /// <param name="target">What it is.</param>
    /// <param name="job">The job of the step, if any: its lines say that it waits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What is to be released when the step is done.</returns>
    /// <exception cref="TimeoutException">There was none in time. It is worth another attempt.</exception>
    public async ValueTask<SemaphoreSlim> EnterAsync(string name, SqlConnectionOptions target, JobContext? job, CancellationToken cancellationToken)
    {
        var places = _places.GetOrAdd(name, _ => new SemaphoreSlim(target.Places));
        if (places.Wait(0, CancellationToken.None))
            return places;

        var why = $"Held back: the connection \"{name}\" is used by {(target.Places == 1 ? "one step" : $"{target.Places} steps")} at a time (MaxConnections)";
        job?.Log(why + ".");
        var started = clock.GetTimestamp();
        using var patience = new CancellationTokenSource(options.Value.MaxWait, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await HttpCaller.WaitAsync(job, () => places.WaitAsync(either.Token));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{why}, and there was no place within {options.Value.MaxWait} (Automation:Steps:Sql:MaxWait).", e);
        }

        job?.Log(string.Create(CultureInfo.InvariantCulture, $"Went on after {clock.GetElapsedTime(started).TotalSeconds:0.0} s."));
        return places;
    }
}
