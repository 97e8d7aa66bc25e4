using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

internal enum Comparison
{
    /// <summary>No operator: the left value itself counts.</summary>
    Truth,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
}

/// <summary><c>left operator right</c>, joined to the next one with <c>and</c> or <c>or</c>.</summary>
internal readonly record struct ConditionPart(Expression Left, Comparison Comparison, Expression? Right, bool JoinedByAnd);

/// <summary>The condition of <c>if</c>, <c>elsif</c> and <c>unless</c>.</summary>
internal sealed class Condition(ConditionPart[] parts, int offset)
{
    // "and" and "or" bind equally, from the right: a and b or c is a and (b or c). So the first part that settles
    // its join settles all to its right too.
    public bool IsTrue(RenderContext context)
    {
        context.BeginStatement(offset);
        for (var i = 0; i < parts.Length - 1; i++)
        {
            context.Step();
            if (Evaluate(context, parts[i]) != parts[i].JoinedByAnd)
                return !parts[i].JoinedByAnd;
        }

        return Evaluate(context, parts[^1]);
    }

    private static bool Evaluate(RenderContext context, ConditionPart part)
    {
        var left = part.Left.Evaluate(context);
        if (part.Comparison == Comparison.Truth)
            return Equality.IsTrue(left);

        var right = part.Right!.Evaluate(context);
        return part.Comparison switch
        {
            Comparison.Equal => Equality.AreEqual(context, left, right),
            Comparison.NotEqual => !Equality.AreEqual(context, left, right),
            Comparison.Less => Equality.Order(context, left, right) < 0,
            Comparison.LessOrEqual => Equality.Order(context, left, right) <= 0,
            Comparison.Greater => Equality.Order(context, left, right) > 0,
            Comparison.GreaterOrEqual => Equality.Order(context, left, right) >= 0,
            _ => Equality.Contains(context, left, right),
        };
    }
}
