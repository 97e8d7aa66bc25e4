using Automation.Storage;
using Automation.Storage.Writes;

namespace Automation.Steps.Deliveries;

/// <summary>Which server sends to an endpoint.</summary>
internal sealed class LaneLeases(Database database, TimeProvider clock)
{
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(30);

    private static readonly SqlStatement Take = new(
        "UPDATE delivery_endpoints SET lease_owner = $2, lease_until = $3 WHERE id = $1 AND (lease_owner = $2 OR lease_until IS NULL OR lease_until < $4)");

    private static readonly SqlStatement Release = new("UPDATE delivery_endpoints SET lease_until = NULL WHERE id = $1 AND lease_owner = $2");

    private readonly string _me = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");

    /// <summary>Takes the lane, or keeps it longer.</summary>
    /// <returns>False where another server has it.</returns>
    public async Task<bool> TakeAsync(string endpointId, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        try
        {
            await database.CommitAsync(new WriteUnit().AddExpectingOne(Take, endpointId, _me, SqlValue.Micros(now + Length), SqlValue.Micros(now)), cancellationToken: cancellationToken);
            return true;
        }
        catch (WriteConflictException)
        {
            return false;
        }
    }

    public Task ReleaseAsync(string endpointId) => database.CommitAsync(new WriteUnit().Add(Release, endpointId, _me));
}
