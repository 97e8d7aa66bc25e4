namespace Automation.Workflows.Activities;

/// <summary>One choice of a drop-down.</summary>
/// <param name="Text">What people see.</param>
/// <param name="Value">What the definition stores.</param>
public sealed record Choice(string Text, string Value);

/// <summary>Choices that only the running server knows. Inputs ask for them by <see cref="InputAttribute.OptionsFrom"/>.</summary>
/// <param name="Name">Its name, see <see cref="ChoiceLists"/>.</param>
/// <param name="ReadAsync">Gives the choices as they are now.</param>
public sealed record ChoiceList(string Name, Func<CancellationToken, ValueTask<IReadOnlyList<Choice>>> ReadAsync);

/// <summary>Names of the lists that the server has.</summary>
public static class ChoiceLists
{
    /// <summary>The configured sources.</summary>
    public const string Sources = "sources";

    /// <summary>The event types of all sources.</summary>
    public const string EventTypes = "event-types";

    /// <summary>The published workflows.</summary>
    public const string Workflows = "workflows";

    /// <summary>The names of the stored secrets.</summary>
    public const string Secrets = "secrets";

    /// <summary>The channels of notifications.</summary>
    public const string Channels = "channels";

    /// <summary>The channels of notifications, and none.</summary>
    public const string OptionalChannels = "optional-channels";

    /// <summary>Names of stored secrets, and none.</summary>
    public const string OptionalSecrets = "optional-secrets";

    /// <summary>The event types that subscribers can be told of.</summary>
    public const string DeliveryEventTypes = "delivery-event-types";
}
