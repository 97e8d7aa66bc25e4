using Automation.Steps.Deliveries;

namespace Automation.Dashboard.Deliveries;

/// <summary>How an endpoint is shown.</summary>
internal static class EndpointText
{
    public static string Health(DeliveryEndpoint endpoint) => endpoint switch
    {
        { Settings.Enabled: false } => "Off",
        { DisabledReason: not null } => "Switched off by itself",
        { FailingSince: not null } => "Failing",
        _ => "Active",
    };

    public static string Tone(DeliveryEndpoint endpoint) => endpoint switch
    {
        { Settings.Enabled: false } => "",
        { DisabledReason: not null } => "bad",
        { FailingSince: not null } => "warn",
        _ => "good",
    };

    /// <summary>The address: whole for those who may change it.</summary>
    public static string Address(DeliveryEndpoint endpoint, bool whole) => whole ? endpoint.Settings.Url : endpoint.Address;
}
