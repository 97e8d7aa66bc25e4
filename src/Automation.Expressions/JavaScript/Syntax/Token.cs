using System.Numerics;

namespace Automation.Expressions.JavaScript.Syntax;

internal enum TokenKind
{
    EndOfInput,
    Identifier,
    Keyword,
    PrivateName,
    Number,
    BigInteger,
    String,
    Template,
    RegularExpression,
    Punctuator,
}

/// <summary>One token. <see cref="Text"/> is the punctuator, the identifier's name, or a string's value.</summary>
internal struct Token
{
    public TokenKind Kind;
    public int Start;
    public int End;
    public bool NewLineBefore;

    /// <summary>Written with a unicode escape: then it is never a keyword.</summary>
    public bool Escaped;

    /// <summary>A legacy octal number or string escape, which strict code refuses.</summary>
    public bool LegacyOctal;

    /// <summary>The template piece that ends the template.</summary>
    public bool TemplateTail;

    public string Text;

    /// <summary>The raw text of a template piece, or the flags of a regular expression.</summary>
    public string? Raw;

    public double Number;
    public BigInteger BigInteger;
}
