namespace Automation.Intake.Mapping;

/// <summary>Turns the JavaScript of rules into functions of an event.</summary>
/// <param name="Value">An expression's value.</param>
/// <param name="Condition">Whether an expression is true, as JavaScript sees truth.</param>
/// <remarks>Both throw <see cref="FormatException"/> where the source text cannot be compiled.</remarks>
internal sealed record ExpressionCompiler(
    Func<string, Func<EventPayload, object?>> Value,
    Func<string, Func<EventPayload, bool>> Condition)
{
    /// <summary>For where no engine is at hand: says so where a rule uses an expression.</summary>
    public static ExpressionCompiler None { get; } = new(
        source => throw new FormatException($"The expression {source} cannot be used: no JavaScript engine is registered."),
        source => throw new FormatException($"The filter {source} cannot be used: no JavaScript engine is registered."));
}
