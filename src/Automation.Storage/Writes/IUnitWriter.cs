namespace Automation.Storage.Writes;

/// <summary>A unit that waits for its commit, and the caller that waits with it.</summary>
internal sealed class PendingUnit(WriteUnit unit)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WriteUnit Unit { get; } = unit;

    public Task Completion => _completion.Task;

    /// <summary>Set while a shared transaction is open: why this unit alone must fail.</summary>
    public Exception? Failure { get; set; }

    public void Succeed()
    {
        Unit.NotifyCommitted();
        _completion.TrySetResult();
    }

    public void Fail(Exception exception) => _completion.TrySetException(exception);
}

/// <summary>Commits units on one kind of database.</summary>
internal interface IUnitWriter : IAsyncDisposable
{
    /// <summary>Starts taking units.</summary>
    void Start();

    /// <summary>Hands a unit over without waiting; false where the list of waiting units is full.</summary>
    bool TryAccept(PendingUnit unit);

    /// <summary>Hands a unit over, waiting for room.</summary>
    ValueTask AcceptAsync(PendingUnit unit, CancellationToken cancellationToken);
}
