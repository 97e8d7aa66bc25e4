namespace Automation.Expressions.Liquid.Parsing;

/// <summary>Cuts source into tokens, on demand because some tags (raw, comment, doc) read on by rules of their own.</summary>
internal abstract class TokenReader(string source, int start, int end)
{
    protected string Source { get; } = source;

    protected int Position { get; set; } = start;

    protected int End { get; } = end;

    public abstract bool TryRead(out Token token);

    /// <summary>Skips a comment's inside, with comments and raw blocks inside of it.</summary>
    public abstract void SkipComment(int opened);

    /// <summary>Takes everything up to an end tag as it stands.</summary>
    public abstract Token ReadVerbatim(string tag, int opened);

    protected ExpressionException Error(int offset, string message) =>
        SourcePosition.Error(ExpressionErrorKind.Syntax, Source, offset, message);

    /// <summary>Finds a tag's name at a position: letters, digits and underscores, or a lone <c>#</c>.</summary>
    protected (int Start, int End) FindName(int from, int end)
    {
        while (from < end && char.IsWhiteSpace(Source[from]))
            from++;
        var at = from;
        if (at < end && Source[at] == '#')
            return (from, at + 1);
        while (at < end && (char.IsAsciiLetterOrDigit(Source[at]) || Source[at] == '_'))
            at++;
        return (from, at);
    }
}
