namespace Automation.Expressions;

/// <summary>
/// What one evaluation may use. Passing a limit ends it with an <see cref="ExpressionException"/> of kind
/// <see cref="ExpressionErrorKind.Limit"/> that names the limit. Limits of the source text apply when compiling.
/// </summary>
public sealed record ExpressionLimits
{
    /// <summary>The limits used where none are given.</summary>
    public static ExpressionLimits Default { get; } = new();

    /// <summary>Longest source text, in characters. Default 262,144.</summary>
    public int MaxSourceLength { get; init; } = 256 * 1024;

    /// <summary>Deepest nesting of the source (brackets, blocks, operators). Default 200.</summary>
    public int MaxSourceDepth { get; init; } = 200;

    /// <summary>Most functions, classes and blocks in one JavaScript source. Default 10,000.</summary>
    public int MaxSourceScopes { get; init; } = 10_000;

    /// <summary>Most steps (loop rounds, calls, statements, rendered nodes). Default 10,000,000.</summary>
    public long MaxSteps { get; init; } = 10_000_000;

    /// <summary>Deepest nesting of calls. Default 256.</summary>
    public int MaxCallDepth { get; init; } = 256;

    /// <summary>Most memory that values made by the evaluation may take, in bytes, by estimate. Default 64 MiB.</summary>
    public long MaxMemory { get; init; } = 64 * 1024 * 1024;

    /// <summary>Longest string, in characters. Default 8,388,608.</summary>
    public int MaxStringLength { get; init; } = 8 * 1024 * 1024;

    /// <summary>Longest array, in elements. Default 1,000,000.</summary>
    public int MaxArrayLength { get; init; } = 1_000_000;

    /// <summary>Longest time one regular expression match may take. Default 250 ms.</summary>
    public TimeSpan RegexTimeout { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest time an evaluation may take. Default 5 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);
}
