using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Automation.Steps.Outgoing;

/// <summary>
/// Which addresses lie on the public internet. Everything else is named: private networks, this machine, cloud metadata,
/// and the IPv6 forms that carry an IPv4 address inside.
/// </summary>
internal static class AddressRules
{
    private static readonly (IPNetwork Network, string What)[] NotPublicV4 =
    [
        (IPNetwork.Parse("0.0.0.0/8"), "this machine"),
        (IPNetwork.Parse("10.0.0.0/8"), "private network"),
        (IPNetwork.Parse("100.64.0.0/10"), "carrier-grade NAT"),
        (IPNetwork.Parse("127.0.0.0/8"), "loopback"),
        (IPNetwork.Parse("168.63.129.16/32"), "cloud metadata"),
        (IPNetwork.Parse("169.254.0.0/16"), "link-local, cloud metadata"),
        (IPNetwork.Parse("172.16.0.0/12"), "private network"),
        (IPNetwork.Parse("192.0.0.0/24"), "reserved for protocols"),
        (IPNetwork.Parse("192.0.2.0/24"), "reserved for documentation"),
        (IPNetwork.Parse("192.88.99.0/24"), "6to4 relay"),
        (IPNetwork.Parse("192.168.0.0/16"), "private network"),
        (IPNetwork.Parse("198.18.0.0/15"), "reserved for benchmarks"),
        (IPNetwork.Parse("198.51.100.0/24"), "reserved for documentation"),
        (IPNetwork.Parse("203.0.113.0/24"), "reserved for documentation"),
        (IPNetwork.Parse("224.0.0.0/4"), "multicast"),
        (IPNetwork.Parse("240.0.0.0/4"), "reserved or broadcast"),
    ];

    private static readonly (IPNetwork Network, string What)[] NotPublicV6 =
    [
        (IPNetwork.Parse("::/128"), "this machine"),
        (IPNetwork.Parse("::1/128"), "loopback"),
        (IPNetwork.Parse("64:ff9b:1::/48"), "NAT64 of a private network"),
        (IPNetwork.Parse("100::/64"), "discard"),
        (IPNetwork.Parse("2001::/32"), "Teredo"),
        (IPNetwork.Parse("2001::/23"), "reserved for protocols"),
        (IPNetwork.Parse("2001:db8::/32"), "reserved for documentation"),
        (IPNetwork.Parse("3fff::/20"), "reserved for documentation"),
        (IPNetwork.Parse("5f00::/16"), "segment routing"),
        (IPNetwork.Parse("fc00::/7"), "private network (unique local)"),
        (IPNetwork.Parse("fe80::/10"), "link-local"),
        (IPNetwork.Parse("fec0::/10"), "private network (site-local)"),
        (IPNetwork.Parse("ff00::/8"), "multicast"),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork[] EmbedAtTheEnd =
    [
        Nat64,
        IPNetwork.Parse("::ffff:0:0:0/96"),  // stateless translation
        IPNetwork.Parse("::/96"),            // IPv4-compatible
    ];

    /// <summary>What the address is, where it is not a public one; null for public addresses.</summary>
    public static string? WhyNotPublic(IPAddress address)
    {
        address = Unmap(address);
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return Find(NotPublicV4, address);
        if (Find(NotPublicV6, address) is { } why)
            return why;
        if (Embedded(address) is { } inner && Find(NotPublicV4, inner) is { } innerWhy)
            return $"{innerWhy}, {inner} inside";
        return GlobalUnicast.Contains(address) || Nat64.Contains(address) ? null : "not a public address";
    }

    /// <summary>An IPv4 address that is written as an IPv6 one (<c>::ffff:127.0.0.1</c>), as itself.</summary>
    public static IPAddress Unmap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static IPAddress? Embedded(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        foreach (var network in EmbedAtTheEnd)
        {
            if (network.Contains(address))
                return new IPAddress(bytes.AsSpan(12));
        }

        if (SixToFour.Contains(address))
            return new IPAddress(bytes.AsSpan(2, 4));

        // ISATAP: the interface id ::0:5efe:a.b.c.d (or ::200:5efe:…) under any prefix.
        return (BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(8)) & ~0x0200_0000u) == 0x0000_5efe ? new IPAddress(bytes.AsSpan(12)) : null;
    }

    private static string? Find((IPNetwork Network, string What)[] table, IPAddress address)
    {
        foreach (var (network, what) in table)
        {
            if (network.Contains(address))
                return what;
        }

        return null;
    }
}
