namespace Automation.Jobs.Store;

/// <summary>Hands out ids from blocks that the database has reserved for this process. Thread-safe.</summary>
internal sealed class IdBlocks(JobStore store, IdTable table) : IDisposable
{
    private const int BlockSize = 1000;

    private readonly SemaphoreSlim _reserving = new(1, 1);
    private Block _block = new([]);

    public ValueTask<long> NextAsync(CancellationToken cancellationToken) =>
        _block.TryTake(out var id) ? new ValueTask<long>(id) : ReserveAsync(cancellationToken);

    public void Dispose() => _reserving.Dispose();

    private async ValueTask<long> ReserveAsync(CancellationToken cancellationToken)
    {
        await _reserving.WaitAsync(cancellationToken);
        try
        {
            long id;
            while (!_block.TryTake(out id))
                Volatile.Write(ref _block, new Block(await store.ReserveIdsAsync(table, BlockSize, cancellationToken)));
            return id;
        }
        finally
        {
            _reserving.Release();
        }
    }

    private sealed class Block(long[] ids)
    {
        private int _taken;

        public bool TryTake(out long id)
        {
            var index = Interlocked.Increment(ref _taken) - 1;
            id = index < ids.Length ? ids[index] : 0;
            return index < ids.Length;
        }
    }
}
