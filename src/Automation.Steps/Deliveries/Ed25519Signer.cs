using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Automation.Steps.Deliveries;

/// <summary>
/// Ed25519 signatures by the system's OpenSSL, which .NET on Linux needs anyway: .NET 10 has none of its own and no package
/// that has it restores. Signing handles a secret, so it is left to a library that takes care of timing.
/// </summary>
public static partial class Ed25519Signer
{
    private const string Library = "libcrypto";
    private const int Ed25519 = 1087;

    static Ed25519Signer() => NativeLibrary.SetDllImportResolver(typeof(Ed25519Signer).Assembly, Resolve);

    /// <summary>Signs a message with a private key's 32 bytes.</summary>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL on this machine.</exception>
    public static byte[] Sign(byte[] seed, byte[] message) => With(seed, key =>
    {
        var context = EVP_MD_CTX_new();
        try
        {
            var signature = new byte[64];
            nuint length = 64;
            Check(EVP_DigestSignInit(context, 0, 0, 0, key));
            Check(EVP_DigestSign(context, signature, ref length, message, (nuint)message.Length));
            return signature;
        }
        finally
        {
            EVP_MD_CTX_free(context);
        }
    });

    /// <summary>The public key of a private key's 32 bytes.</summary>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL on this machine.</exception>
    public static byte[] PublicKey(byte[] seed) => With(seed, key =>
    {
        var bytes = new byte[32];
        nuint length = 32;
        Check(EVP_PKEY_get_raw_public_key(key, bytes, ref length));
        return bytes;
    });

    private static byte[] With(byte[] seed, Func<nint, byte[]> use)
    {
        nint key;
        try
        {
            key = EVP_PKEY_new_raw_private_key(Ed25519, 0, seed, (nuint)seed.Length);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new PlatformNotSupportedException("Signing with Ed25519 (v1a) needs OpenSSL 1.1.1 or newer (libcrypto), which this machine lacks. Use another scheme, such as v1.", e);
        }

        if (key == 0)
            throw new CryptographicException("OpenSSL refused the Ed25519 key.");
        try
        {
            return use(key);
        }
        finally
        {
            EVP_PKEY_free(key);
        }
    }

    private static void Check(int result)
    {
        if (result != 1)
            throw new CryptographicException("OpenSSL could not sign.");
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
            return 0;
        foreach (var candidate in new[] { "libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib", "libcrypto-3-x64.dll", "libcrypto" })
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
                return handle;
        }

        return 0;
    }

    [LibraryImport(Library)]
    private static partial nint EVP_PKEY_new_raw_private_key(int type, nint engine, byte[] key, nuint length);

    [LibraryImport(Library)]
    private static partial int EVP_PKEY_get_raw_public_key(nint key, byte[] bytes, ref nuint length);

    [LibraryImport(Library)]
    private static partial void EVP_PKEY_free(nint key);

    [LibraryImport(Library)]
    private static partial nint EVP_MD_CTX_new();

    [LibraryImport(Library)]
    private static partial void EVP_MD_CTX_free(nint context);

    [LibraryImport(Library)]
    private static partial int EVP_DigestSignInit(nint context, nint keyContext, nint digest, nint engine, nint key);

    [LibraryImport(Library)]
    private static partial int EVP_DigestSign(nint context, byte[] signature, ref nuint length, byte[] message, nuint messageLength);
}
