namespace Automation.Intake.Sources;

/// <summary>So many requests at the same time.</summary>
internal sealed class RequestSlots(int limit)
{
    private int _taken;

    public int Limit => limit;

    /// <summary>Takes a place; give it back with <see cref="Leave"/>.</summary>
    /// <returns>False where all are taken.</returns>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _taken) <= limit)
            return true;
        Interlocked.Decrement(ref _taken);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _taken);
}
