using Automation.Jobs.Serialization;

namespace Automation.Jobs;

/// <summary>A job to be run: the registered name of its handler, its arguments, and when and how it runs.</summary>
public sealed class JobRequest
{
    private string _queue = JobQueues.Default;

    /// <summary>A job for the handler of this name.</summary>
    /// <param name="name">The name under which the handler is registered.</param>
    /// <param name="arguments">Values that are stored as JSON, in the order in which the handler asks for them.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public JobRequest(string name, params ReadOnlySpan<object?> arguments)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        ArgumentsJson = arguments.Length switch
        {
            0 => "[]",
            1 => $"[{JobJson.Serialize(arguments[0])}]",
            _ => Join(arguments),
        };
    }

    /// <summary>The name under which the handler is registered.</summary>
    public string Name { get; }

    /// <summary>
    /// The queue, default <c>default</c>: 1 to 50 of <c>a-z 0-9 _ -</c>. Queues are served in the order in which a
    /// server lists them.
    /// </summary>
    /// <exception cref="ArgumentException">The text is no queue name.</exception>
    public string Queue
    {
        get => _queue;
        init => _queue = JobQueues.Validate(value);
    }

    /// <summary>When the job falls due; null or a time that has passed means at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>How often the job is tried in all, 1 or more; null leaves it to the handler's registration.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Named values kept with the job, each JSON text. Null where there are none.</summary>
    public IReadOnlyDictionary<string, string>? Parameters { get; init; }

    /// <summary>
    /// While a job with this key is unfinished, no second one is stored: enqueuing one by itself gives the first one's
    /// id, and a caller's unit that holds one conflicts.
    /// </summary>
    public string? UniqueKey { get; init; }

    /// <summary>The batch the job belongs to, see <see cref="JobBatches"/>.</summary>
    public string? BatchId { get; init; }

    /// <summary>Why the job is enqueued, shown in its history.</summary>
    public string? Reason { get; init; }

    /// <summary>The arguments as one JSON array.</summary>
    internal string ArgumentsJson { get; private init; }

    /// <summary>A job whose arguments are JSON already.</summary>
    /// <param name="name">The name under which the handler is registered.</param>
    /// <param name="argumentsJson">Each argument as JSON text; taken as it is.</param>
    public static JobRequest WithJson(string name, params ReadOnlySpan<string> argumentsJson) =>
        new(name) { ArgumentsJson = argumentsJson.Length == 1 ? $"[{argumentsJson[0]}]" : $"[{string.Join(',', argumentsJson)}]" };

    /// <summary>The same job as a member of a batch.</summary>
    internal JobRequest InBatch(string batchId) => new(Name)
    {
        ArgumentsJson = ArgumentsJson,
        Queue = Queue,
        DueAt = DueAt,
        MaxAttempts = MaxAttempts,
        Parameters = Parameters,
        UniqueKey = UniqueKey,
        Reason = Reason,
        BatchId = batchId,
    };

    private static string Join(ReadOnlySpan<object?> arguments)
    {
        var texts = new string[arguments.Length];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = JobJson.Serialize(arguments[i]);
        return $"[{string.Join(',', texts)}]";
    }
}
