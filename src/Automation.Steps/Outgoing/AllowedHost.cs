using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Automation.Steps.Outgoing;

/// <summary>One entry of the list of allowed hosts.</summary>
internal sealed class AllowedHost
{
    private static readonly IdnMapping Idn = new();

    private readonly string? _host;
    private readonly string? _suffix;
    private readonly int? _port;
    private readonly IPNetwork? _network;

    private AllowedHost(string? host, string? suffix, int? port, IPNetwork? network)
    {
        _host = host;
        _suffix = suffix;
        _port = port;
        _network = network;
    }

    public static bool TryParse(string? text, [NotNullWhen(true)] out AllowedHost? entry)
    {
        entry = null;
        text = text?.Trim() ?? "";
        if (text.Length == 0)
            return false;
        if (text.Contains('/'))
        {
            if (!IPNetwork.TryParse(text, out var network))
                return false;
            entry = new AllowedHost(null, null, null, network);
            return true;
        }

        if (IPAddress.TryParse(text.Trim('[', ']'), out var whole) && (text[0] == '[' || text.Count(c => c == ':') != 1))
            return One(whole, port: null, out entry);

        int? port = null;
        var colon = text.LastIndexOf(':');
        if (colon >= 0)
        {
            if (!ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
                return false;
            port = number;
            text = text[..colon];
        }

        if (IPAddress.TryParse(text.Trim('[', ']'), out var address))
            return One(address, port, out entry);

        var anyBelow = text.StartsWith("*.", StringComparison.Ordinal);
        var host = Normalize(anyBelow ? text[2..] : text);
        if (host is null || Uri.CheckHostName(host) != UriHostNameType.Dns)
            return false;
        entry = anyBelow ? new AllowedHost(null, "." + host, port, null) : new AllowedHost(host, null, port, null);
        return true;
    }

    /// <summary>Whether this entry allows the host as it was named, whatever it resolves to.</summary>
    public bool Allows(string host, int port) =>
        (_port is null || _port == port)
        && ((_host is not null && string.Equals(_host, host, StringComparison.OrdinalIgnoreCase))
            || (_suffix is not null && host.Length > _suffix.Length && host.EndsWith(_suffix, StringComparison.OrdinalIgnoreCase)));

    /// <summary>Whether this entry allows the address, whatever name it was reached by.</summary>
    public bool Allows(IPAddress address, int port) =>
        (_port is null || _port == port) && _network is { } network && network.Contains(address);

    /// <summary>The form in which names are compared: punycode, lower case, without the dot of the root. Null where it is no name.</summary>
    public static string? Normalize(string host)
    {
        host = host.TrimEnd('.');
        if (host.Length == 0)
            return null;
        try
        {
            return Idn.GetAscii(host).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool One(IPAddress address, int? port, out AllowedHost entry)
    {
        address = AddressRules.Unmap(address);
        entry = new AllowedHost(null, null, port, new IPNetwork(address, address.GetAddressBytes().Length * 8));
        return true;
    }
}
