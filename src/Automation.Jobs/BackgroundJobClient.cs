using System.Globalization;
using System.Linq.Expressions;
using Automation.Jobs.Serialization;
using Automation.Jobs.Server;
using Automation.Jobs.Store;
using Automation.Storage.Writes;

namespace Automation.Jobs;

/// <summary>
/// Enqueues calls of methods, as Hangfire's client does: <c>client.EnqueueAsync&lt;Mailer&gt;(m =&gt; m.Send(42))</c>. The call's
/// type comes from the service provider when the job runs; its assembly is registered with <c>AddJobsFrom</c>. Each
/// method takes the caller's unit, so that the job commits with the caller's data, or null for a commit of its own.
/// </summary>
public sealed class BackgroundJobClient
{
    private readonly JobStore _store;
    private readonly LocalWorkers _workers;
    private readonly JobTransitions _transitions;
    private readonly RecurringJobManager _recurring;

    internal BackgroundJobClient(JobStore store, LocalWorkers workers, JobTransitions transitions, RecurringJobManager recurring)
    {
        _store = store;
        _workers = workers;
        _transitions = transitions;
        _recurring = recurring;
    }

    /// <summary>Enqueues a call.</summary>
    public Task<long> EnqueueAsync<T>(Expression<Action<T>> call, WriteUnit? unit = null, CancellationToken cancellationToken = default) =>
        StoreAsync(TypedJobs.Describe(call, typeof(T)), null, unit, cancellationToken);

    /// <summary>Enqueues a call of an asynchronous method.</summary>
    public Task<long> EnqueueAsync<T>(Expression<Func<T, Task>> call, WriteUnit? unit = null, CancellationToken cancellationToken = default) =>
        StoreAsync(TypedJobs.Describe(call, typeof(T)), null, unit, cancellationToken);

    /// <summary>Enqueues a call of a static method.</summary>
    public Task<long> EnqueueAsync(Expression<Action> call, WriteUnit? unit = null, CancellationToken cancellationToken = default) =>
        StoreAsync(TypedJobs.Describe(call, null), null, unit, cancellationToken);

    /// <summary>Stores a call that is made at a time.</summary>
    public Task<long> ScheduleAsync<T>(Expression<Action<T>> call, DateTimeOffset dueAt, WriteUnit? unit = null, CancellationToken cancellationToken = default) =>
        StoreAsync(TypedJobs.Describe(call, typeof(T)), dueAt.UtcDateTime, unit, cancellationToken);

    /// <summary>Stores a call of an asynchronous method that is made at a time.</summary>
    public Task<long> ScheduleAsync<T>(Expression<Func<T, Task>> call, DateTimeOffset dueAt, WriteUnit? unit = null, CancellationToken cancellationToken = default) =>
        StoreAsync(TypedJobs.Describe(call, typeof(T)), dueAt.UtcDateTime, unit, cancellationToken);

    /// <summary>Stores a call that is made when another job has ended.</summary>
    /// <exception cref="KeyNotFoundException">There is no such other job.</exception>
    public Task<long> ContinueJobWithAsync<T>(
        long parentId, Expression<Action<T>> call, ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState, CancellationToken cancellationToken = default) =>
        ContinueAsync(parentId, TypedJobs.Describe(call, typeof(T)), options, cancellationToken);

    /// <summary>Stores a call of an asynchronous method that is made when another job has ended.</summary>
    /// <exception cref="KeyNotFoundException">There is no such other job.</exception>
    public Task<long> ContinueJobWithAsync<T>(
        long parentId, Expression<Func<T, Task>> call, ContinuationOptions options = ContinuationOptions.OnlyOnSucceededState, CancellationToken cancellationToken = default) =>
        ContinueAsync(parentId, TypedJobs.Describe(call, typeof(T)), options, cancellationToken);

    /// <summary>Adds or changes a recurring call.</summary>
    /// <exception cref="CronFormatException">The schedule is no cron expression.</exception>
    public Task AddOrUpdateRecurringAsync<T>(
        string id, Expression<Action<T>> call, string cron, RecurringJobOptions? options = null, CancellationToken cancellationToken = default)
    {
        var data = TypedJobs.Describe(call, typeof(T));
        return _recurring.AddOrUpdateAsync(id, data, data.Queue ?? JobQueues.Default, cron, options, cancellationToken);
    }

    /// <summary>Adds or changes a recurring call of an asynchronous method.</summary>
    /// <exception cref="CronFormatException">The schedule is no cron expression.</exception>
    public Task AddOrUpdateRecurringAsync<T>(
        string id, Expression<Func<T, Task>> call, string cron, RecurringJobOptions? options = null, CancellationToken cancellationToken = default)
    {
        var data = TypedJobs.Describe(call, typeof(T));
        return _recurring.AddOrUpdateAsync(id, data, data.Queue ?? JobQueues.Default, cron, options, cancellationToken);
    }

    private static List<KeyValuePair<string, string>> CultureParameters()
    {
        var (culture, uiCulture) = (CultureInfo.CurrentCulture.Name, CultureInfo.CurrentUICulture.Name);
        List<KeyValuePair<string, string>> parameters = [new(JobParameters.CurrentCulture, JobJson.Quote(culture))];
        if (uiCulture != culture)
            parameters.Add(new(JobParameters.CurrentUICulture, JobJson.Quote(uiCulture)));
        return parameters;
    }

    private async Task<long> StoreAsync(InvocationData data, DateTime? dueAt, WriteUnit? unit, CancellationToken cancellationToken)
    {
        var target = unit ?? new WriteUnit();
        var id = await _transitions.JobIds.NextAsync(cancellationToken);
        var now = _store.Now();
        var queue = data.Queue ?? JobQueues.Default;
        if (dueAt is { } due && due > now)
        {
            _transitions.AddScheduled(target, id, now, due, data.LongText(), data.ArgumentsText(), CultureParameters(), queue, null);
        }
        else
        {
            _store.AddJob(target, new NewJob
            {
                Id = id,
                Invocation = data.LongText(),
                Arguments = data.ArgumentsText(),
                CreatedAt = now,
                State = StateRow.Enqueued(now, queue),
                Queue = queue,
                QueueRowId = await _transitions.QueueRowIds.NextAsync(cancellationToken),
                Parameters = CultureParameters(),
            });
            target.OnCommitted(_workers.Signal);
        }

        if (unit is null)
            await _store.Database.CommitAsync(target, cancellationToken: cancellationToken);
        return id;
    }

    private async Task<long> ContinueAsync(long parentId, InvocationData data, ContinuationOptions options, CancellationToken cancellationToken)
    {
        var unit = new WriteUnit();
        var id = await _transitions.JobIds.NextAsync(cancellationToken);
        _transitions.AddAwaiting(unit, id, parentId, options, data.Queue ?? JobQueues.Default, CultureParameters(), data.LongText(), data.ArgumentsText());
        await _transitions.CommitContinuationAsync(unit, parentId, id, options, cancellationToken);
        return id;
    }
}
