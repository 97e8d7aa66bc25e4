using Automation.Storage;

namespace Automation.Jobs.Store;

/// <summary>
/// Hands out ids from blocks that the database has reserved for this process. Where several processes share it, a block is
/// given up after a while, so that ids grow with time across all of them. Thread-safe.
/// </summary>
internal sealed class IdBlocks(JobStore store, IdTable table, TimeProvider clock) : IDisposable
{
    private const int BlockSize = 1000;

    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private readonly bool _isShared = store.Database.Provider != DatabaseProvider.Sqlite;
    private readonly SemaphoreSlim _reserving = new(1, 1);
    private Block _block = new([], 0);

    public ValueTask<long> NextAsync(CancellationToken cancellationToken) =>
        TryTake(out var id) ? new ValueTask<long>(id) : ReserveAsync(cancellationToken);

    public void Dispose() => _reserving.Dispose();

    private async ValueTask<long> ReserveAsync(CancellationToken cancellationToken)
    {
        await _reserving.WaitAsync(cancellationToken);
        try
        {
            long id;
            while (!TryTake(out id))
                Volatile.Write(ref _block, new Block(await store.ReserveIdsAsync(table, BlockSize, cancellationToken), clock.GetTimestamp()));
            return id;
        }
        finally
        {
            _reserving.Release();
        }
    }

    private bool TryTake(out long id)
    {
        var block = Volatile.Read(ref _block);
        id = 0;
        return !(_isShared && clock.GetElapsedTime(block.ReservedAt) > Lifetime) && block.TryTake(out id);
    }

    private sealed class Block(long[] ids, long reservedAt)
    {
        private int _taken;

        public long ReservedAt => reservedAt;

        public bool TryTake(out long id)
        {
            var index = Interlocked.Increment(ref _taken) - 1;
            id = index < ids.Length ? ids[index] : 0;
            return index < ids.Length;
        }
    }
}
