using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Automation.Host.Access;

/// <summary>A link, printed while the server has no administrator, that makes one: once, and within an hour of the start.</summary>
internal sealed class FirstRunLink(TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim _one = new(1);
    private byte[]? _ticket;
    private DateTimeOffset _until;

    public string Create()
    {
        var ticket = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        (_ticket, _until) = (Encoding.ASCII.GetBytes(ticket), clock.GetUtcNow() + Lifetime);
        return ticket;
    }

    /// <summary>Whether the link is this one and still good.</summary>
    public bool Holds(string ticket) =>
        _ticket is { } held && clock.GetUtcNow() <= _until && CryptographicOperations.FixedTimeEquals(held, Encoding.UTF8.GetBytes(ticket));

    /// <summary>Does what the link is for, and uses it up if that succeeds.</summary>
    /// <returns>False where the link is not good; nothing was done.</returns>
    public async Task<bool> UseAsync(string ticket, Func<Task> action)
    {
        await _one.WaitAsync();
        try
        {
            if (!Holds(ticket))
                return false;
            await action();
            _ticket = null;
            return true;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();
}
