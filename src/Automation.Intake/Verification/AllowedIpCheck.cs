using System.Net;

namespace Automation.Intake.Verification;

/// <summary>Addresses and networks (CIDR) that a source may send from.</summary>
internal sealed class AllowedIpCheck(IReadOnlyList<IPNetwork> networks) : Check
{
    /// <summary>Reads <c>203.0.113.7</c> or <c>203.0.113.0/24</c>, either family.</summary>
    public static bool TryParse(string text, out IPNetwork network)
    {
        if (text.Contains('/', StringComparison.Ordinal))
            return IPNetwork.TryParse(text, out network);
        network = default;
        if (!IPAddress.TryParse(text, out var address))
            return false;
        network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
        return true;
    }

    public override Verdict Judge(in WebhookRequest request, DateTimeOffset now, List<string>? trace)
    {
        if (request.RemoteIp is not { } ip)
            return Verdict.No("the sender's address is unknown");
        if (ip.IsIPv4MappedToIPv6)
            ip = ip.MapToIPv4();
        foreach (var network in networks)
        {
            if (network.Contains(ip))
            {
                trace?.Add($"{ip} is in {network}.");
                return Verdict.Yes("ip");
            }
        }

        return Verdict.No($"{ip} is not in the source's list of allowed addresses");
    }
}
