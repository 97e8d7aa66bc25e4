using System.Numerics;

namespace Automation.Expressions.JavaScript.Runtime;

/// <summary>A symbol; also, hidden from every enumeration, the private name of a class member.</summary>
internal sealed class JsSymbol(string? description, bool isPrivate = false)
{
    public static readonly JsSymbol Iterator = new("Symbol.iterator");
    public static readonly JsSymbol AsyncIterator = new("Symbol.asyncIterator");
    public static readonly JsSymbol HasInstance = new("Symbol.hasInstance");
    public static readonly JsSymbol ToPrimitive = new("Symbol.toPrimitive");
    public static readonly JsSymbol ToStringTag = new("Symbol.toStringTag");
    public static readonly JsSymbol Species = new("Symbol.species");
    public static readonly JsSymbol IsConcatSpreadable = new("Symbol.isConcatSpreadable");
    public static readonly JsSymbol Unscopables = new("Symbol.unscopables");
    public static readonly JsSymbol Match = new("Symbol.match");
    public static readonly JsSymbol MatchAll = new("Symbol.matchAll");
    public static readonly JsSymbol Replace = new("Symbol.replace");
    public static readonly JsSymbol Search = new("Symbol.search");
    public static readonly JsSymbol Split = new("Symbol.split");

    public string? Description { get; } = description;
    public bool IsPrivate { get; } = isPrivate;

    public override string ToString() => $"Symbol({Description})";
}

/// <summary>An integer of any size.</summary>
internal sealed class JsBigInt(BigInteger value)
{
    public BigInteger Value { get; } = value;

    public override string ToString()
    {
        // Writing one out takes time that grows with the square of its length.
        var bits = Value.GetBitLength();
        if (bits > 1024)
            Realm.Current.Work(bits * bits >> 14);
        return Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}

/// <summary>A string that is still in pieces, so that building one piece by piece takes linear time.</summary>
internal sealed class JsRope
{
    /// <summary>Shorter results are simply concatenated.</summary>
    public const int Threshold = 256;

    private object? _left;
    private object? _right;
    private string? _flat;

    public JsRope(object left, object right, int length)
    {
        _left = left;
        _right = right;
        Length = length;
    }

    public int Length { get; }

    public override string ToString()
    {
        if (_flat is not null)
            return _flat;
        Realm.Current.ReserveString(Length);
        _flat = string.Create(Length, this, static (span, rope) => rope.Fill(span));
        _left = _right = null;
        return _flat;
    }

    private void Fill(Span<char> span)
    {
        // From the right, with a stack of its own: a rope built by a loop is as deep as the loop was long.
        var stack = new Stack<object>();
        stack.Push(this);
        var end = span.Length;
        while (stack.TryPop(out var piece))
        {
            if (piece is JsRope { _flat: null } rope)
            {
                stack.Push(rope._left!);
                stack.Push(rope._right!);
                continue;
            }

            var text = piece as string ?? ((JsRope)piece)._flat!;
            end -= text.Length;
            text.CopyTo(span[end..]);
        }
    }
}

/// <summary>A getter and setter in a property's place.</summary>
internal sealed class Accessor(JsFunction? getter, JsFunction? setter)
{
    public JsFunction? Getter { get; } = getter;
    public JsFunction? Setter { get; } = setter;
}
