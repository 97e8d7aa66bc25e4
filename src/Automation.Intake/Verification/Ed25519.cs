using System.Numerics;
using System.Security.Cryptography;

namespace Automation.Intake.Verification;

/// <summary>
/// Verifies ed25519 signatures (RFC 8032, 5.1.7); it cannot sign. .NET 10 has no ed25519, and no package that has it
/// restores. Everything it computes with is public.
/// </summary>
internal static class Ed25519
{
    public const int PublicKeySize = 32;
    public const int SignatureSize = 64;

    // The order of the base point's group.
    private static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);

    private static readonly FieldElement D = FieldElement.From(-121665 * BigInteger.ModPow(121666, FieldElement.Prime - 2, FieldElement.Prime));
    private static readonly FieldElement TwoD = D + D;
    private static readonly FieldElement RootOfMinusOne = FieldElement.From(BigInteger.ModPow(2, (FieldElement.Prime - 1) / 4, FieldElement.Prime));
    private static readonly BigInteger RootExponent = (FieldElement.Prime + 3) / 8;
    private static readonly Point Base = Decode([0x58, .. Enumerable.Repeat((byte)0x66, 31)])!.Value;

    /// <summary>Whether the signature over the message was made with the private half of the key.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != PublicKeySize || signature.Length != SignatureSize)
            return false;
        // A second form of the same signature (S plus the order) would make it malleable; the RFC refuses it.
        var s = new BigInteger(signature[32..], isUnsigned: true);
        if (s >= Order || Decode(publicKey) is not { } key)
            return false;

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(signature[..32]);
        hash.AppendData(publicKey);
        hash.AppendData(message);
        var k = new BigInteger(hash.GetHashAndReset(), isUnsigned: true) % Order;

        Span<byte> expected = stackalloc byte[32];
        Sum(s, Base, k, key.Negated()).Write(expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature[..32]);
    }

    /// <summary>s·P + k·Q, with the doublings shared.</summary>
    private static Point Sum(BigInteger s, Point p, BigInteger k, Point q)
    {
        var both = p.Plus(q);
        var sum = Point.Neutral;
        for (var bit = 252; bit >= 0; bit--)
        {
            sum = sum.Doubled();
            var fromS = !((s >> bit) & 1).IsZero;
            var fromK = !((k >> bit) & 1).IsZero;
            if (fromS && fromK)
                sum = sum.Plus(both);
            else if (fromS)
                sum = sum.Plus(p);
            else if (fromK)
                sum = sum.Plus(q);
        }

        return sum;
    }

    /// <summary>The point that 32 bytes stand for; null where they stand for none.</summary>
    private static Point? Decode(ReadOnlySpan<byte> bytes)
    {
        var number = new BigInteger(bytes, isUnsigned: true);
        var odd = !(number >> 255).IsZero;
        if ((number & (BigInteger.Pow(2, 255) - 1)) >= FieldElement.Prime)
            return null;

        var y = FieldElement.Read(bytes);
        var ySquared = y.Squared();
        var xSquared = (ySquared - FieldElement.One) * ((D * ySquared) + FieldElement.One).Inverted();
        var x = xSquared.Power(RootExponent);
        if (!x.Squared().IsSameAs(xSquared))
            x *= RootOfMinusOne;
        if (!x.Squared().IsSameAs(xSquared) || (x.IsZero && odd))
            return null;
        if (x.IsOdd != odd)
            x = x.Negated();
        return new Point(x, y, FieldElement.One, x * y);
    }

    /// <summary>A point of the curve in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly struct Point(FieldElement x, FieldElement y, FieldElement z, FieldElement t)
    {
        private readonly FieldElement _x = x, _y = y, _z = z, _t = t;

        public static Point Neutral => new(FieldElement.Zero, FieldElement.One, FieldElement.One, FieldElement.Zero);

        public Point Plus(in Point other)
        {
            var a = (_y - _x) * (other._y - other._x);
            var b = (_y + _x) * (other._y + other._x);
            var c = _t * TwoD * other._t;
            var d = _z * other._z;
            d += d;
            var (e, f, g, h) = (b - a, d - c, d + c, b + a);
            return new Point(e * f, g * h, f * g, e * h);
        }

        public Point Doubled()
        {
            var a = _x.Squared();
            var b = _y.Squared();
            var c = _z.Squared();
            c += c;
            var h = a + b;
            var e = h - (_x + _y).Squared();
            var g = a - b;
            var f = c + g;
            return new Point(e * f, g * h, f * g, e * h);
        }

        public Point Negated() => new(_x.Negated(), _y, _z, _t.Negated());

        public void Write(Span<byte> bytes)
        {
            var inverse = _z.Inverted();
            (_y * inverse).Write(bytes);
            if ((_x * inverse).IsOdd)
                bytes[31] |= 0x80;
        }
    }
}
