namespace Automation.Expressions;

/// <summary>Why an expression did not give a value.</summary>
public enum ExpressionErrorKind
{
    /// <summary>The source text is not a valid expression, script or template. Raised when compiling.</summary>
    Syntax,

    /// <summary>The source uses a part of the language that is deliberately left out. Raised when compiling, or when evaluating where it cannot be seen before.</summary>
    NotSupported,

    /// <summary>The expression ran and threw: its own <c>throw</c>, a TypeError, an unknown filter in strict mode…</summary>
    Runtime,

    /// <summary>One of <see cref="ExpressionLimits"/> was passed; the message names it.</summary>
    Limit,
}

/// <summary>The only exception that compiling or evaluating an expression raises, cancellation apart.</summary>
/// <param name="kind">What went wrong.</param>
/// <param name="message">One sentence for the person who wrote the expression.</param>
/// <param name="line">Line in the source, from 1; 0 where unknown.</param>
/// <param name="column">Column in the source, from 1; 0 where unknown.</param>
/// <param name="inner">The cause, where there is one.</param>
public sealed class ExpressionException(ExpressionErrorKind kind, string message, int line = 0, int column = 0, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public ExpressionErrorKind Kind { get; } = kind;

    /// <summary>Line in the source, from 1; 0 where unknown.</summary>
    public int Line { get; } = line;

    /// <summary>Column in the source, from 1; 0 where unknown.</summary>
    public int Column { get; } = column;
}
