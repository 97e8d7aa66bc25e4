using System.Security.Cryptography;
using System.Text;

namespace Automation.Intake.Verification;

/// <summary>Several secrets that are valid at the same time, so that one can be replaced without a gap.</summary>
internal sealed class Secrets
{
    private readonly byte[][] _hashes;

    public Secrets(IEnumerable<string> secrets) => _hashes = [.. secrets.Select(s => SHA256.HashData(Encoding.UTF8.GetBytes(s)))];

    /// <summary>
    /// The number of the secret, from 1, that equals the given text; 0 where none does. The time taken tells neither
    /// which nor how much of one was right: hashes of equal length are compared, and all of them.
    /// </summary>
    public int Find(string given)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(given), hash);
        var found = 0;
        for (var i = 0; i < _hashes.Length; i++)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, _hashes[i]))
                found = i + 1;
        }

        return found;
    }
}
