using Automation.Intake.Verification;

namespace Automation.Intake.Tests.Verification;

public sealed class Ed25519Tests
{
    /// <summary>RFC 8032, 7.1.</summary>
    public static TheoryData<string, string, string> Published => new()
    {
        {
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        },
        {
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        },
    };

    /// <summary>Made by Node's crypto: key, message and signature in hex.</summary>
    private static string[] Signed => File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Verification", "ed25519.txt"));

    [Theory]
    [MemberData(nameof(Published))]
    public void The_vectors_of_RFC_8032_are_accepted(string key, string message, string signature) =>
        Assert.True(Ed25519.Verify(Convert.FromHexString(key), Convert.FromHexString(message), Convert.FromHexString(signature)));

    [Fact]
    public void Signatures_made_by_another_implementation_are_accepted()
    {
        Assert.Equal(40, Signed.Length);
        Assert.All(Signed, line => Assert.True(Verify(line, (_, _, _) => { })));
    }

    [Fact]
    public void A_flipped_bit_in_key_message_or_signature_is_refused()
    {
        var random = new Random(7);
        Assert.All(Signed, line =>
        {
            Assert.False(Verify(line, (key, _, _) => key[random.Next(32)] ^= (byte)(1 << random.Next(8))));
            Assert.False(Verify(line, (_, _, signature) => signature[random.Next(32)] ^= (byte)(1 << random.Next(8))));
            Assert.False(Verify(line, (_, _, signature) => signature[32 + random.Next(32)] ^= (byte)(1 << random.Next(8))));
        });
        Assert.All(Signed.Skip(1), line => Assert.False(Verify(line, (_, message, _) => message[random.Next(message.Length)] ^= 1)));
    }

    [Fact]
    public void The_second_form_of_a_signature_is_refused()
    {
        var order = System.Numerics.BigInteger.Pow(2, 252) + System.Numerics.BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
        Assert.All(Signed, line => Assert.False(Verify(line, (_, _, signature) =>
        {
            var s = new System.Numerics.BigInteger(signature.AsSpan(32), isUnsigned: true) + order;
            s.TryWriteBytes(signature.AsSpan(32), out _, isUnsigned: true);
        })));
    }

    [Fact]
    public void Bytes_that_are_no_point_or_no_signature_are_refused()
    {
        var random = new Random(11);
        for (var i = 0; i < 200; i++)
        {
            var key = new byte[32];
            var signature = new byte[64];
            random.NextBytes(key);
            random.NextBytes(signature);
            Assert.False(Ed25519.Verify(key, "x"u8, signature));
        }

        Assert.False(Ed25519.Verify(Enumerable.Repeat((byte)255, 32).ToArray(), "x"u8, new byte[64]));
        Assert.False(Ed25519.Verify(new byte[31], "x"u8, new byte[64]));
        Assert.False(Ed25519.Verify(new byte[32], "x"u8, new byte[63]));
    }

    private static bool Verify(string line, Action<byte[], byte[], byte[]> change)
    {
        var parts = line.Split(' ');
        var (key, message, signature) = (Convert.FromHexString(parts[0]), Convert.FromHexString(parts[1]), Convert.FromHexString(parts[2]));
        change(key, message, signature);
        return Ed25519.Verify(key, message, signature);
    }
}
