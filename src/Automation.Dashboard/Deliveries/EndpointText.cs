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

    /// <summary>The address; what stands behind a question mark may be a password, and is for those who may change it.</summary>
    public static string Address(DeliveryEndpoint endpoint, bool whole)
    {
        var url = endpoint.Settings.Url;
        var query = url.IndexOf('?', StringComparison.Ordinal);
        return whole || query < 0 ? url : url[..query] + "?…";
    }
}
