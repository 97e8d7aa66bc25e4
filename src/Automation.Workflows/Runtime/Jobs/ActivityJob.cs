using Automation.Jobs;
using Automation.Storage.Writes;
using Automation.Workflows.Execution;

namespace Automation.Workflows.Runtime;

/// <summary>Does the work of one kind of background activity. Registered with <c>services.AddBackgroundActivity&lt;T&gt;("Elsa.SendHttpRequest")</c>; one instance serves all.</summary>
public interface IBackgroundActivity
{
    /// <summary>
    /// Does the work. May run again for the same operation after a crash or a failure, so calls that leave the process
    /// carry <see cref="BackgroundOperation.IdempotencyKey"/>.
    /// </summary>
    /// <param name="operation">What to do.</param>
    /// <param name="cancellationToken">Cancelled when the instance is cancelled and when the server stops.</param>
    /// <returns>What it gave; an error in it is final. An exception is tried again as the job's retry policy says, and then becomes an incident.</returns>
    Task<OperationResult> RunAsync(BackgroundOperation operation, CancellationToken cancellationToken);
}

/// <summary>Work of an activity that runs as a job beside its instance.</summary>
public sealed record BackgroundOperation
{
    /// <summary>Id of the operation, the same on every attempt.</summary>
    public required string OperationId { get; init; }

    /// <summary>The instance that it works for.</summary>
    public required string InstanceId { get; init; }

    /// <summary>Type of the activity.</summary>
    public required string ActivityType { get; init; }

    /// <summary>The activity.</summary>
    public required string ActivityId { get; init; }

    /// <summary>Its node id.</summary>
    public required string ActivityNodeId { get; init; }

    /// <summary>Its name, if any.</summary>
    public string? ActivityName { get; init; }

    /// <summary>The execution of the activity.</summary>
    public required string ActivityInstanceId { get; init; }

    /// <summary>Evaluated inputs by PascalCased name; plain values.</summary>
    public required IReadOnlyDictionary<string, object?> Inputs { get; init; }

    /// <summary>The activity's resilience strategy: an id or a strategy, plain; null for none.</summary>
    public object? Resilience { get; init; }

    /// <summary>Which attempt this is, from 1.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The job that runs it: for lines and progress.</summary>
    public JobContext? Job { get; init; }

    internal Action<WriteUnit>? Rows { get; private set; }

    /// <summary>
    /// Adds rows to the commit that ends the operation: the job's success, the instance's next state and these rows are
    /// stored together or not at all. Lost where <see cref="IBackgroundActivity.RunAsync"/> throws and is tried again.
    /// </summary>
    /// <param name="add">Adds the rows. May be called again where a commit is repeated.</param>
    public void CommitWith(Action<WriteUnit> add) => Rows += add;

    /// <summary>The key that calls leaving the process carry, the same on every attempt.</summary>
    /// <param name="ordinal">Which call of the operation, from 1.</param>
    public string IdempotencyKey(int ordinal = 1) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{InstanceId}/{ActivityInstanceId}/{ordinal}");
}

/// <summary>Binds an activity type to what does its work.</summary>
internal sealed record BackgroundActivityBinding(string ActivityType, Func<IServiceProvider, IBackgroundActivity> Resolve);

/// <summary>Runs a background activity and resumes its instance with the result: the job's success and the burst are one commit.</summary>
internal sealed class ActivityJob(InstanceStore instances, WorkflowRuntime runtime, BackgroundActivities activities) : IJobHandler
{
    public async Task RunAsync(JobContext context, CancellationToken cancellationToken)
    {
        var (instanceId, operationId) = (context.GetArgument<string>(1)!, context.GetArgument<string>(2)!);
        if (await instances.FindRequestAsync(instanceId, operationId, cancellationToken) is not { } stored)
            return;
        var request = OperationRequest.Read(stored);
        var operation = new BackgroundOperation
        {
            OperationId = operationId,
            InstanceId = instanceId,
            ActivityType = request.ActivityType,
            ActivityId = request.ActivityId,
            ActivityNodeId = request.NodeId,
            ActivityName = request.ActivityName,
            ActivityInstanceId = ActivityInstanceId.Of(instanceId, request.Ordinal),
            Inputs = request.Inputs,
            Resilience = request.Resilience,
            Attempt = context.Attempt,
            Job = context,
        };
        var result = await RunAsync(operation, context, cancellationToken);
        await runtime.EndOperationAsync(operationId, result, new CommitExtras { Job = context, Companion = operation.Rows }, cancellationToken);
    }

    private async Task<OperationResult> RunAsync(BackgroundOperation operation, JobContext context, CancellationToken cancellationToken)
    {
        if (activities.Find(operation.ActivityType) is not { } activity)
            return Failed($"Nothing is registered that runs the background activity '{operation.ActivityType}'.", null);
        try
        {
            var result = await activity.RunAsync(operation, cancellationToken);
            return context.Attempt > 1 ? result with { HasRetries = true } : result;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && context.IsLastAttempt)
        {
            // The attempts are used up: the workflow learns it as an incident, and the job has done its duty.
            context.Log($"Gave up after {context.Attempt} attempts: {e.Message}");
            return Failed(e.Message, e.GetType().FullName) with { HasRetries = context.Attempt > 1 };
        }
    }

    private static OperationResult Failed(string message, string? type) => new() { Error = new OperationError(OperationErrorKind.Failed, message, type) };
}

/// <summary>Finds what does the work of an activity type.</summary>
internal sealed class BackgroundActivities(IServiceProvider services, IEnumerable<BackgroundActivityBinding> bindings)
{
    private readonly Dictionary<string, Lazy<IBackgroundActivity>> _byType = bindings
        .GroupBy(b => b.ActivityType, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => new Lazy<IBackgroundActivity>(() => g.Last().Resolve(services)), StringComparer.Ordinal);

    public IBackgroundActivity? Find(string activityType) => _byType.TryGetValue(activityType, out var found) ? found.Value : null;
}
