namespace Automation.Expressions.JavaScript.Syntax;

/// <summary>Makes the errors of the parser: a sentence, and where.</summary>
internal static class SyntaxErrors
{
    public static ExpressionException At(string source, int offset, string message) =>
        Create(ExpressionErrorKind.Syntax, source, offset, message);

    public static ExpressionException NotSupported(string source, int offset, string what) =>
        Create(ExpressionErrorKind.NotSupported, source, offset, what + " not supported here");

    public static ExpressionException Limit(string source, int offset, string message) =>
        Create(ExpressionErrorKind.Limit, source, offset, message);

    /// <summary>Line and column, both from 1, of an offset.</summary>
    public static (int Line, int Column) Locate(string source, int offset)
    {
        offset = Math.Clamp(offset, 0, source.Length);
        var line = 1;
        var lineStart = 0;
        for (var i = 0; i < offset; i++)
        {
            var c = source[i];
            if (c is '\n' or '\u2028' or '\u2029' || (c == '\r' && !(i + 1 < source.Length && source[i + 1] == '\n')))
            {
                line++;
                lineStart = i + 1;
            }
        }

        return (line, offset - lineStart + 1);
    }

    private static ExpressionException Create(ExpressionErrorKind kind, string source, int offset, string message)
    {
        var (line, column) = Locate(source, offset);
        return new ExpressionException(kind, message, line, column);
    }
}
