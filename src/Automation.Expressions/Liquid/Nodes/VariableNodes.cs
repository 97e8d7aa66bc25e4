using Automation.Expressions.Liquid.Values;

namespace Automation.Expressions.Liquid.Nodes;

/// <summary><c>assign name = value</c></summary>
internal sealed class AssignNode(int slot, Expression value, int offset) : Node
{
    public override bool IsBlank => true;

    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        context.Assign(slot, value.Evaluate(context));
        return Flow.Next;
    }
}

/// <summary><c>capture name</c>: the body's output becomes a variable.</summary>
internal sealed class CaptureNode(int slot, Block body, int offset) : Node
{
    public override bool IsBlank => true;

    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        var text = context.Capture(body, out var flow);
        // The body was encoded piece by piece; writing the variable must not encode it again.
        context.Assign(slot, context.Options.Encoder is null ? text : new MarkupText(text));
        return flow;
    }
}

/// <summary><c>increment</c> writes the counter and adds 1; <c>decrement</c> takes 1 off and writes it.</summary>
internal sealed class CounterNode(int slot, bool up, int offset) : Node
{
    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        var count = context.Count(slot, up ? 1 : -1);
        context.WriteValue(up ? count - 1 : count);
        return Flow.Next;
    }
}

/// <summary><c>cycle</c>: the next value of a group each time.</summary>
internal sealed class CycleNode(Expression? group, string key, Expression[] values, int offset) : Node
{
    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        // Groups with a name are told apart from those without by the first letter.
        var id = group is null ? "u" + key : "n" + TextOf.Value(context, group.Evaluate(context));
        var round = context.Scope.Cycles.GetValueOrDefault(id);
        if (round == 0)
        {
            context.Allocate(64 + (2L * id.Length));
            context.Keep();
        }

        if (round < values.Length)
            context.WriteValue(values[round].Evaluate(context));
        context.Scope.Cycles[id] = round + 1 >= values.Length ? 0 : round + 1;
        return Flow.Next;
    }
}

/// <summary><c>ifchanged</c>: writes its body only if it differs from what such a tag wrote before.</summary>
internal sealed class IfChangedNode(Block body, int offset) : Node
{
    public override bool IsBlank { get; } = body.IsBlank;

    public override Flow Render(RenderContext context)
    {
        context.BeginStatement(offset);
        var text = context.Capture(body, out var flow);
        if (!string.Equals(text, context.Scope.LastChanged, StringComparison.Ordinal))
        {
            context.Scope.LastChanged = text;
            context.Write(text);
        }

        return flow;
    }
}
