namespace Automation.Steps.Outgoing;

/// <summary>A call was not made because its target is not one that this server may reach. Repeating it does not help.</summary>
public sealed class OutgoingRefusedException : Exception
{
    internal OutgoingRefusedException(string message)
        : base(message)
    {
    }
}
