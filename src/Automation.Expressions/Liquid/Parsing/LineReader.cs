namespace Automation.Expressions.Liquid.Parsing;

/// <summary>Reads the lines of a <c>liquid</c> tag, each a tag without braces.</summary>
internal sealed class LineReader(string source, int start, int end) : TokenReader(source, start, end)
{
    public override bool TryRead(out Token token)
    {
        while (Position < End)
        {
            var (from, to) = NextLine();
            var (nameStart, nameEnd) = FindName(from, to);
            if (nameStart == to)
                continue;
            if (nameEnd == nameStart)
                throw Error(nameStart, $"A line of a 'liquid' tag must begin with a tag's name, not '{Source[nameStart]}'.");

            token = new Token(TokenKind.Tag, Source[nameStart..nameEnd], nameStart, nameEnd, to);
            return true;
        }

        token = default;
        return false;
    }

    public override void SkipComment(int opened)
    {
        for (var depth = 1; depth > 0;)
        {
            if (Position >= End)
                throw Error(opened, "The tag 'comment' is not closed with 'endcomment'.");

            var (from, to) = NextLine();
            var (nameStart, nameEnd) = FindName(from, to);
            depth += Source.AsSpan(nameStart, nameEnd - nameStart) switch
            {
                "comment" => 1,
                "endcomment" => -1,
                _ => 0,
            };
        }
    }

    public override Token ReadVerbatim(string tag, int opened) =>
        throw Error(opened, $"The tag '{tag}' cannot stand in a 'liquid' tag.");

    private (int Start, int End) NextLine()
    {
        var from = Position;
        var newline = Source.IndexOf('\n', from, End - from);
        Position = newline < 0 ? End : newline + 1;
        return (from, newline < 0 ? End : newline);
    }
}
