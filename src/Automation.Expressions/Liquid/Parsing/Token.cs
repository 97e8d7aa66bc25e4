namespace Automation.Expressions.Liquid.Parsing;

internal enum TokenKind
{
    /// <summary>Text to write, from <see cref="Token.Start"/> to <see cref="Token.End"/>.</summary>
    Text,

    /// <summary>The inside of <c>{{ }}</c>.</summary>
    Output,

    /// <summary>The inside of <c>{% %}</c> after its name, or of a line of a <c>liquid</c> tag.</summary>
    Tag,
}

/// <summary>A piece of the source, by offsets into it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The tag's name; empty otherwise.</param>
/// <param name="Offset">Where it begins, for errors.</param>
/// <param name="Start">Where its text or markup begins.</param>
/// <param name="End">Where its text or markup ends.</param>
internal readonly record struct Token(TokenKind Kind, string Name, int Offset, int Start, int End);
