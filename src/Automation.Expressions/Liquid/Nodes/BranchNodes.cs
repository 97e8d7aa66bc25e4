using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary>A condition and what it leads to; no condition for <c>else</c>.</summary>
internal readonly record struct Branch(Condition? Condition, bool Negated, Block Body);

/// <summary><c>if</c> and <c>unless</c> with their <c>elsif</c> and <c>else</c>.</summary>
internal sealed class IfNode : Node
{
    private readonly Branch[] _branches;

    public IfNode(List<Branch> branches)
    {
        _branches = [.. branches];
        IsBlank = Array.TrueForAll(_branches, branch => branch.Body.IsBlank);
        if (IsBlank)
            Array.ForEach(_branches, branch => branch.Body.RemoveText());
    }

    public override bool IsBlank { get; }

    public override Flow Render(RenderContext context)
    {
        foreach (var branch in _branches)
        {
            if (branch.Condition is null || branch.Condition.IsTrue(context) != branch.Negated)
                return branch.Body.Render(context);
        }

        return Flow.Next;
    }
}

/// <summary>One value of a <c>when</c>; no value for <c>else</c>.</summary>
internal readonly record struct When(Expression? Value, Block Body);

/// <summary>
/// <c>case</c>: as in Shopify's Liquid every matching value renders its body, and <c>else</c> renders if nothing
/// before it matched.
/// </summary>
internal sealed class CaseNode : Node
{
    private readonly Expression _subject;
    private readonly When[] _whens;
    private readonly int _offset;

    public CaseNode(Expression subject, List<When> whens, int offset)
    {
        _subject = subject;
        _whens = [.. whens];
        _offset = offset;
        IsBlank = Array.TrueForAll(_whens, when => when.Body.IsBlank);
        if (IsBlank)
            Array.ForEach(_whens, when => when.Body.RemoveText());
    }

    public override bool IsBlank { get; }

    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(_offset);
        var subject = _subject.Evaluate(context);
        var held = context.Keep();
        var matched = false;
        var flow = Flow.Next;
        for (var i = 0; i < _whens.Length && flow == Flow.Next; i++)
        {
            var (value, body) = _whens[i];
            context.BeginStatement(_offset);
            if (value is null ? matched : !Equality.AreEqual(context, subject, value.Evaluate(context)))
                continue;

            matched |= value is not null;
            flow = body.Render(context);
        }

        context.Release(held);
        return flow;
    }
}
