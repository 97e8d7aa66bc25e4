namespace Automation.Expressions.Liquid.Parsing;

/// <summary>Reads text, <c>{{ output }}</c> and <c>{% tags %}</c>, and trims text beside <c>-</c> signs.</summary>
internal sealed class TemplateReader(string source) : TokenReader(source, 0, source.Length)
{
    private bool _trimNext;

    public override bool TryRead(out Token token)
    {
        while (Position < End)
        {
            var open = FindOpening(Position);
            if (open > Position)
            {
                token = ReadText(open);
                if (token.End > token.Start)
                    return true;
                continue;
            }

            token = ReadDelimited(open);
            return true;
        }

        token = default;
        return false;
    }

    public override void SkipComment(int opened)
    {
        var depth = 1;
        while (depth > 0)
        {
            var open = Source.IndexOf("{%", Position, StringComparison.Ordinal);
            var close = open < 0 ? -1 : Source.IndexOf("%}", open + 2, StringComparison.Ordinal);
            if (close < 0)
                throw Error(opened, "The tag 'comment' is not closed with 'endcomment'.");

            Position = close + 2;
            _trimNext = Source[close - 1] == '-';
            var (from, to) = FindName(Source[open + 2] == '-' ? open + 3 : open + 2, close);
            switch (Source.AsSpan(from, Math.Max(0, to - from)))
            {
                case "comment":
                    depth++;
                    break;
                case "endcomment":
                    depth--;
                    break;
                case "raw":
                    ReadVerbatim("raw", open);
                    break;
            }
        }
    }

    public override Token ReadVerbatim(string tag, int opened)
    {
        var start = Position;
        var open = start;
        while (true)
        {
            open = Source.IndexOf("{%", open, StringComparison.Ordinal);
            if (open < 0)
                throw Error(opened, $"The tag '{tag}' is not closed with 'end{tag}'.");

            if (IsEnd(open, tag, out var trimBefore, out var after))
            {
                var end = open;
                if (_trimNext)
                    start = SkipSpace(start, end);
                if (trimBefore)
                    end = BackOverSpace(start, end);
                Position = after;
                _trimNext = Source[after - 3] == '-';
                return new Token(TokenKind.Text, "", opened, start, end);
            }

            open += 2;
        }
    }

    /// <summary>Whether a tag of this name opens anywhere, whatever stands around it.</summary>
    public bool HasTag(string name)
    {
        for (var open = Source.IndexOf("{%", StringComparison.Ordinal); open >= 0; open = Source.IndexOf("{%", open + 2, StringComparison.Ordinal))
        {
            var at = open + 2;
            var (from, to) = FindName(at < End && Source[at] == '-' ? at + 1 : at, End);
            if (Source.AsSpan(from, to - from).SequenceEqual(name))
                return true;
        }

        return false;
    }

    private bool IsEnd(int open, string tag, out bool trimBefore, out int after)
    {
        var at = open + 2;
        trimBefore = at < End && Source[at] == '-';
        after = 0;
        var (from, to) = FindName(trimBefore ? at + 1 : at, End);
        if (to - from != tag.Length + 3
            || !Source.AsSpan(from, 3).SequenceEqual("end")
            || !Source.AsSpan(from + 3, tag.Length).SequenceEqual(tag))
        {
            return false;
        }

        to = SkipSpace(to, End);
        if (to < End && Source[to] == '-')
            to++;
        after = to + 2;
        return after <= End && Source[to] == '%' && Source[to + 1] == '}';
    }

    private Token ReadText(int end)
    {
        var start = Position;
        Position = end;
        var to = end;
        if (_trimNext)
            start = SkipSpace(start, end);
        _trimNext = false;
        if (end + 2 < End && Source[end + 2] == '-')
            to = BackOverSpace(start, end);
        return new Token(TokenKind.Text, "", start, start, to);
    }

    private Token ReadDelimited(int open)
    {
        var isTag = Source[open + 1] == '%';
        var start = open + 2;
        if (start < End && Source[start] == '-')
            start++;

        var name = "";
        if (isTag)
        {
            var (from, to) = FindName(start, End);
            name = Source[from..to];
            if (name.Length > 0)
                start = to;
        }

        var close = FindClosing(start, isTag, name);
        if (close < 0)
            throw Error(open, isTag ? "This '{%' is not closed with '%}'." : "This '{{' is not closed with '}}'.");
        if (isTag && name.Length == 0)
            throw Error(open, "A tag needs a name after '{%'.");

        Position = close + 2;
        _trimNext = close > start && Source[close - 1] == '-';
        return new Token(isTag ? TokenKind.Tag : TokenKind.Output, name, open, start, _trimNext ? close - 1 : close);
    }

    private int FindOpening(int from)
    {
        while (true)
        {
            var at = Source.IndexOf('{', from);
            if (at < 0 || at + 1 >= End)
                return End;
            if (Source[at + 1] is '{' or '%')
                return at;
            from = at + 1;
        }
    }

    /// <summary>The closing braces, but not those inside a string literal, so that <c>{{ '}}' }}</c> works.</summary>
    private int FindClosing(int from, bool isTag, string name)
    {
        var mark = isTag ? '%' : '}';
        var plain = Source.IndexOf(isTag ? "%}" : "}}", from, StringComparison.Ordinal);
        if (plain < 0 || !HasStrings(name))
            return plain;

        for (var i = from; i + 1 < End; i++)
        {
            var letter = Source[i];
            if (letter == mark && Source[i + 1] == '}')
                return i;
            if (letter is not ('"' or '\''))
                continue;
            i = Source.IndexOf(letter, i + 1);
            if (i < 0)
                return plain;
        }

        return plain;
    }

    // The words after these tags are not read as expressions, so an apostrophe in them opens no string.
    private static bool HasStrings(string name) =>
        name is not ("#" or "comment" or "doc" or "raw" or "else" or "liquid") && !name.StartsWith("end", StringComparison.Ordinal);

    private int SkipSpace(int from, int end)
    {
        while (from < end && char.IsWhiteSpace(Source[from]))
            from++;
        return from;
    }

    private int BackOverSpace(int start, int end)
    {
        while (end > start && char.IsWhiteSpace(Source[end - 1]))
            end--;
        return end;
    }
}
