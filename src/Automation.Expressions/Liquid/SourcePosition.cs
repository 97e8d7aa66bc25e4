namespace Automation.Expressions.Liquid;

/// <summary>Offsets are kept in the node tree; line and column are worked out only when an error needs them.</summary>
internal static class SourcePosition
{
    public static (int Line, int Column) Of(string source, int offset)
    {
        offset = Math.Clamp(offset, 0, source.Length);
        var before = source.AsSpan(0, offset);
        return (before.Count('\n') + 1, offset - before.LastIndexOf('\n'));
    }

    public static ExpressionException Error(ExpressionErrorKind kind, string source, int offset, string message, Exception? inner = null)
    {
        var (line, column) = Of(source, offset);
        return new ExpressionException(kind, $"{message} (line {line}, column {column})", line, column, inner);
    }
}
