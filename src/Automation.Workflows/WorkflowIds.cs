namespace Automation.Workflows;

/// <summary>Ids of definitions, instances and what belongs to them: UUIDv7 without dashes, so that they sort by time.</summary>
public static class WorkflowIds
{
    /// <summary>A new id.</summary>
    public static string New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
}
