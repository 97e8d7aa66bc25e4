using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Host.Access;

/// <summary>A link, printed once, that signs in as administrator once and within an hour of the start.</summary>
internal sealed class FirstRunLink(TimeProvider clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private byte[]? _ticket;
    private DateTimeOffset _until;

    public string Create()
    {
        var ticket = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        lock (_lock)
        {
            _ticket = Encoding.ASCII.GetBytes(ticket);
            _until = clock.GetUtcNow() + Lifetime;
        }

        return ticket;
    }

    public bool TryUse(string ticket)
    {
        lock (_lock)
        {
            if (_ticket is null || clock.GetUtcNow() > _until || !CryptographicOperations.FixedTimeEquals(_ticket, Encoding.UTF8.GetBytes(ticket)))
                return false;
            _ticket = null;
            return true;
        }
    }
}
